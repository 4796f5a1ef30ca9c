namespace Swarm.Cmdlets.Tests.Waiting;

public sealed class WaitReasonsTests
{
    private const string Missing = "Service 'web' has not converged yet";
    private TimeSpan _now;

    private WaitReasons Reasons() => new(() => _now);

    [Fact]
    public void A_reason_that_lasts_is_told_once()
    {
        var reasons = Reasons();
        reasons.Note("web", Missing, "No such image: redis:bad");
        _now += WaitReasons.Patience - TimeSpan.FromMilliseconds(1);
        Assert.Empty(reasons.TakeDue());
        _now += TimeSpan.FromMilliseconds(1);
        Assert.Equal(
            "Service 'web' has not converged yet: No such image: redis:bad. The wait goes on. -Timeout or Ctrl+C ends it, never the change.",
            Assert.Single(reasons.TakeDue())
        );
        for (var step = 0; step < 100; step++)
        {
            reasons.Note("web", Missing, "No such image: redis:bad");
            _now += TimeSpan.FromSeconds(1);
            Assert.Empty(reasons.TakeDue());
        }
    }

    [Fact]
    public void What_is_over_soon_is_not_told()
    {
        var reasons = Reasons();
        for (var slot = 0; slot < 10; slot++)
        {
            reasons.Note("web", Missing, "no suitable node (port 80 is in use on 1 node)");
            _now += TimeSpan.FromSeconds(2);
            Assert.Empty(reasons.TakeDue());
            reasons.Note("web", Missing, "");
            _now += TimeSpan.FromSeconds(2);
            Assert.Empty(reasons.TakeDue());
        }
    }

    [Fact]
    public void Another_reason_is_told_and_one_that_comes_back_is_not()
    {
        var reasons = Reasons();
        List<string> told = [];
        foreach (var reason in (string[])["a", "b", "a", "b", "c"])
        {
            reasons.Note("web", Missing, reason);
            _now += WaitReasons.Patience;
            told.AddRange(reasons.TakeDue());
        }
        Assert.Equal(["a", "b", "c"], told.Select(t => t[(Missing.Length + 2)..].Split('.')[0]));
    }

    [Fact]
    public void Each_object_has_its_own()
    {
        var reasons = Reasons();
        reasons.Note("web", "web waits", "a");
        reasons.Note("db", "db waits", "a");
        reasons.Note("done", "done waits", "a");
        reasons.Note("done", "", "");
        _now += WaitReasons.Patience;
        Assert.Equal(["web waits: a", "db waits: a"], reasons.TakeDue().Select(t => t.Split('.')[0]));
    }
}
