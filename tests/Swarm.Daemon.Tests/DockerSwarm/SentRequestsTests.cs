using Microsoft.Extensions.Time.Testing;
using Swarm.DockerSwarm.Writes;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>A retry is known for its time, whatever happens to the wall clock meanwhile.</summary>
public sealed class SentRequestsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly SteppingClock _clock;

    public SentRequestsTests() => _clock = new SteppingClock(_time);

    [Theory]
    [InlineData(-48)]
    [InlineData(48)]
    public void A_request_is_known_for_its_time(int hours)
    {
        var sent = new SentRequests<string>(_clock);
        var entry = new SwarmEntry(_clock);
        sent.Add("one", "asked");
        entry.Set("two");

        _clock.Offset = TimeSpan.FromHours(hours);
        _time.Advance(UnknownOutcomes.Kept);
        sent.Add("other", "asked");
        Assert.Equal(("asked", true), (sent.Find("one"), entry.IsBy("two")));

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal((null, false), (sent.Find("one"), entry.IsBy("two")));
    }
}
