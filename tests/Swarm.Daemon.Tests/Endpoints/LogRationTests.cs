using Microsoft.Extensions.Time.Testing;
using Swarm.Daemon.Endpoints.Admission;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>Lines in the log that others cause.</summary>
public sealed class LogRationTests
{
    [Fact]
    public void So_many_lines_in_each_period_and_the_rest_is_counted()
    {
        var time = new FakeTimeProvider();
        time.Advance(TimeSpan.FromHours(1));
        var ration = new LogRation(2, TimeSpan.FromMinutes(1), time);
        Assert.True(ration.TryTake(out var left) && left == 0);
        Assert.True(ration.TryTake(out left) && left == 0);
        for (var i = 0; i < 5; i++)
        {
            Assert.False(ration.TryTake(out _));
        }
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(ration.TryTake(out _));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(ration.TryTake(out left));
        Assert.Equal(6, left);
        Assert.True(ration.TryTake(out left) && left == 0);
        Assert.False(ration.TryTake(out _));
    }
}
