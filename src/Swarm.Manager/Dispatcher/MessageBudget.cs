namespace Swarm.Manager.Dispatcher;

/// <summary>A token bucket: limits the messages of a session per second, with a burst. It protects the manager from a faulty
/// agent.</summary>
internal sealed class MessageBudget(TimeProvider time)
{
    private const double PerSecond = 200;
    private const double Burst = 2000;

    private double _tokens = Burst;
    private long _at = time.GetTimestamp();

    public bool TryTake()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(Burst, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * PerSecond));
        _at = now;
        if (_tokens < 1)
        {
            return false;
        }
        _tokens -= 1;
        return true;
    }
}
