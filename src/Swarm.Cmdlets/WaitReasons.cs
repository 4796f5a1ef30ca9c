namespace Swarm.Cmdlets;

/// <summary>Decides when a wait says why it lasts. A reason that has lasted for <see cref="Patience"/> is told, once for each object. A reason
/// that ends sooner is told to nobody: it is part of every deployment.</summary>
/// <param name="now">Monotonic time.</param>
internal sealed class WaitReasons(Func<TimeSpan> now)
{
    /// <summary>Longer than a scheduler, or the stop of a quick task, takes; short enough for a person who watches a log.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, Current> _current = new(StringComparer.Ordinal);
    private readonly HashSet<(string Id, string Reason)> _told = [];

    /// <summary>Takes what is known of an object now.</summary>
    /// <param name="id">The object.</param>
    /// <param name="missing">The missing part, as a sentence: "Service 'web' has not converged yet".</param>
    /// <param name="reason">Why; empty: nothing is known, or it is done.</param>
    public void Note(string id, string missing, string reason)
    {
        if (reason.Length == 0)
        {
            _current.Remove(id);
        }
        else if (!_current.TryGetValue(id, out var before) || before.Reason != reason)
        {
            _current[id] = new Current(missing, reason, now());
        }
    }

    /// <summary>The warnings that are due, each once.</summary>
    public List<string> TakeDue()
    {
        var moment = now();
        List<string> due = [];
        foreach (var (id, current) in _current)
        {
            if (moment - current.Since >= Patience && _told.Add((id, current.Reason)))
            {
                due.Add(
                    $"{current.Missing}: {current.Reason.TrimEnd('.')}. The wait goes on. -Timeout or Ctrl+C ends it, never the change."
                );
            }
        }
        return due;
    }

    private readonly record struct Current(string Missing, string Reason, TimeSpan Since);
}
