namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Limits the lines of one kind that others can cause in the log.</summary>
/// <param name="lines">Lines in each period.</param>
/// <param name="period">Begins with its first line.</param>
/// <param name="time">Its monotonic clock; the wall clock may be set.</param>
internal sealed class LogRation(int lines, TimeSpan period, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long? _began;
    private int _taken;
    private int _left;

    /// <summary>Ten lines a minute: enough to see who does what, and 2 MB a day at the most.</summary>
    public static LogRation Usual() => new(10, TimeSpan.FromMinutes(1), TimeProvider.System);

    /// <summary>True: a line may be written.</summary>
    /// <param name="left">The lines that were left out since the last one that was written.</param>
    public bool TryTake(out int left)
    {
        lock (_lock)
        {
            if (_began is not { } began || (_taken >= lines && time.GetElapsedTime(began) >= period))
            {
                _began = time.GetTimestamp();
                _taken = 0;
            }
            if (_taken >= lines)
            {
                _left++;
                left = 0;
                return false;
            }
            _taken++;
            left = _left;
            _left = 0;
            return true;
        }
    }
}
