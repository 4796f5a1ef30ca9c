using Microsoft.Extensions.Time.Testing;
using Swarm.Manager.Dispatcher;

namespace Swarm.Daemon.Tests.Dispatcher;

public sealed class WatchedNodeTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(-48)]
    [InlineData(48)]
    public void A_step_of_the_wall_clock_neither_ends_nor_prolongs_the_silence(int hours)
    {
        var time = new FakeTimeProvider();
        var clock = new SteppingClock(time);
        var due = new List<bool>();
        using var node = new WatchedNode("n1", clock, expired => due.Add(expired.IsDue()));
        node.Arm(Silence);

        clock.Offset = TimeSpan.FromHours(hours);
        time.Advance(Silence - TimeSpan.FromMilliseconds(100));
        Assert.False(node.IsDue());
        Assert.Empty(due);

        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal([true], due);
    }
}
