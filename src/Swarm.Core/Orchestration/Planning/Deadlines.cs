namespace Swarm.Core.Orchestration.Planning;

/// <summary>The moment at which each service must be checked again, in the time of the leader's <see cref="Timing.LeaderClock"/>.</summary>
internal sealed class Deadlines
{
    private readonly Dictionary<string, TimeSpan> _byId = new(StringComparer.Ordinal);
    private readonly SortedSet<(TimeSpan At, string Id)> _inOrder = new(
        Comparer<(TimeSpan At, string Id)>.Create(static (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : string.CompareOrdinal(a.Id, b.Id))
    );

    public TimeSpan? Next => _inOrder.Count == 0 ? null : _inOrder.Min.At;

    /// <summary>Sets the only deadline of an id; null removes it.</summary>
    public void Set(string id, TimeSpan? at)
    {
        if (_byId.Remove(id, out var before))
        {
            _inOrder.Remove((before, id));
        }
        if (at is { } moment)
        {
            _byId[id] = moment;
            _inOrder.Add((moment, id));
        }
    }

    /// <summary>Removes the deadlines that have passed, earliest first.</summary>
    public void TakeDue(TimeSpan now, DirtyQueue into)
    {
        while (_inOrder.Count > 0 && _inOrder.Min is var (at, id) && at <= now)
        {
            Set(id, null);
            into.Add(id);
        }
    }

    public void Clear()
    {
        _byId.Clear();
        _inOrder.Clear();
    }
}
