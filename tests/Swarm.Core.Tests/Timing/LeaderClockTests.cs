using Microsoft.Extensions.Time.Testing;
using Swarm.Core.Tests.Orchestration;
using Swarm.Core.Timing;

namespace Swarm.Core.Tests.Timing;

public class LeaderClockTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly SteppingClock _wall;

    public LeaderClockTests() => _wall = new SteppingClock(_time);

    [Fact]
    public void An_event_that_was_seen_keeps_its_moment_whatever_its_stamp_says()
    {
        var clock = new LeaderClock(_wall);
        _time.Advance(TimeSpan.FromSeconds(10));
        var future = _wall.GetUtcNow().AddYears(1);

        clock.See("a", future);
        _time.Advance(TimeSpan.FromSeconds(5));
        clock.See("a", future);
        _wall.Step(TimeSpan.FromDays(-3));

        Assert.Equal(TimeSpan.FromSeconds(10), clock.MomentOf("a", future));
        Assert.Equal(TimeSpan.FromSeconds(15), clock.Now);
    }

    [Fact]
    public void An_event_before_has_the_age_of_its_stamp_and_one_in_the_future_has_none()
    {
        _time.Advance(TimeSpan.FromHours(1));
        var clock = new LeaderClock(_wall);
        var before = _wall.GetUtcNow().AddMinutes(-7);
        var future = _wall.GetUtcNow().AddMinutes(7);
        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(TimeSpan.FromMinutes(-7), clock.MomentOf("a", before));
        Assert.Equal(TimeSpan.Zero, clock.MomentOf("a", future));
    }

    [Fact]
    public void A_manager_that_takes_over_makes_events_older_by_their_stamps_and_never_younger()
    {
        var clock = new LeaderClock(_wall);
        var stamp = _wall.GetUtcNow();
        // The log of an hour, read at the start.
        _time.Advance(TimeSpan.FromHours(1));
        clock.See("old", stamp);
        clock.See("new", stamp.AddHours(2));

        clock.Lead();

        Assert.Equal(TimeSpan.Zero, clock.MomentOf("old", stamp));
        Assert.Equal(TimeSpan.FromHours(1), clock.MomentOf("new", stamp.AddHours(2)));
    }

    [Fact]
    public void Of_an_event_that_was_forgotten_the_stamp_decides_as_far_as_it_can_be_true()
    {
        var clock = new LeaderClock(_wall);
        _time.Advance(TimeSpan.FromSeconds(1));
        var stamp = _wall.GetUtcNow();
        clock.See("true", stamp);
        _time.Advance(TimeSpan.FromSeconds(1));
        clock.See("future", stamp.AddDays(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < LeaderClock.EventsKept; i++)
        {
            clock.See($"{i}", stamp);
        }

        Assert.Equal(TimeSpan.FromSeconds(1), clock.MomentOf("true", stamp));
        Assert.Equal(TimeSpan.FromSeconds(2), clock.MomentOf("future", stamp.AddDays(1)));
        Assert.Equal(TimeSpan.FromSeconds(3), clock.MomentOf("0", stamp));
    }
}
