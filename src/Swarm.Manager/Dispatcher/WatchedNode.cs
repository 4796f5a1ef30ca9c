namespace Swarm.Manager.Dispatcher;

/// <summary>A node with its session, if it has one, and the clock after which it is Down. Guarded by its owner's lock.</summary>
internal sealed class WatchedNode : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private TimeSpan? _wait;
    private long _armed;

    public WatchedNode(string id, TimeProvider time, Action<WatchedNode> expired)
    {
        Id = id;
        _time = time;
        _timer = time.CreateTimer(_ => expired(this), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public string Id { get; }
    public AgentSession? Session { get; set; }
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The status message for Down when the clock runs out.</summary>
    public string DownMessage { get; set; } = "heartbeat failure";

    /// <summary>It has left, and that is not committed yet.</summary>
    public bool HasLeft { get; set; }

    public void Arm(TimeSpan after)
    {
        _wait = after;
        _armed = _time.GetTimestamp();
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(after.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }

    public void Disarm()
    {
        _wait = null;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>False when the clock was armed again after the timer fired. Timers may fire a little early, so that counts as due.</summary>
    public bool IsDue() => _wait is { } wait && wait - _time.GetElapsedTime(_armed) <= TimeSpan.FromMilliseconds(50);

    public void Dispose()
    {
        _wait = null;
        _timer.Dispose();
    }
}
