namespace Swarm.Core.Timing;

/// <summary>The monotonic time of a leader, and the moments at which it first saw the events that waits begin with. A step of the wall clock
/// changes neither.</summary>
/// <remarks>
/// <para>Nothing of it is replicated. An event is known by its object and the wall-clock stamp that the state keeps of it. The clock keeps
/// the moments of the last <see cref="EventsKept"/> events. The stamp decides about an earlier one, as far as it can be true.</para>
/// <para>The wall clock counts once, in <see cref="Lead"/>: the age of an earlier event is taken from its stamp, and is never negative. So a
/// wait that began under another leader, or before a restart, goes on where it was if the clocks agree. If they differ, it ends earlier by the
/// difference, or takes at most its own delay from that moment.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed class LeaderClock
{
    /// <summary>Some 10 MB. It is enough for every task that starts within a few seconds in a swarm of tens of thousands.</summary>
    public const int EventsKept = 100_000;

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Dictionary<(string Id, long Stamp), TimeSpan> _moments = [];
    private readonly Queue<(string Id, long Stamp)> _order = new();
    private DateTimeOffset _wallThen;

    /// <summary>No event that was forgotten is younger.</summary>
    private TimeSpan _forgottenUntil;

    /// <summary>A clock that leads from now on.</summary>
    /// <param name="time">Its timestamps are the monotonic time; its UTC time is the wall clock.</param>
    public LeaderClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _start = time.GetTimestamp();
        Lead();
    }

    /// <summary>The moment of the last <see cref="Lead"/>.</summary>
    public TimeSpan LeadsSince { get; private set; }

    /// <summary>The monotonic time since this clock was made.</summary>
    public TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>This manager leads from now on. The ages of all earlier events are taken from their stamps, where these make them
    /// older.</summary>
    public void Lead()
    {
        LeadsSince = Now;
        _wallThen = _time.GetUtcNow();
        _forgottenUntil = LeadsSince;
        foreach (var key in _order)
        {
            var byStamp = ByStamp(key.Stamp);
            if (_moments.TryGetValue(key, out var seen) && byStamp < seen)
            {
                _moments[key] = byStamp;
            }
        }
    }

    /// <summary>Keeps this moment as the one at which the event was first seen; does nothing if it was seen before.</summary>
    /// <param name="id">The object to which it happened.</param>
    /// <param name="stamp">The stamp of the event in the state.</param>
    public void See(string id, DateTimeOffset stamp)
    {
        var key = (id, stamp.UtcTicks);
        if (!_moments.TryAdd(key, Now))
        {
            return;
        }
        _order.Enqueue(key);
        if (_order.Count > EventsKept)
        {
            _moments.Remove(_order.Dequeue(), out var forgotten);
            _forgottenUntil = forgotten > _forgottenUntil ? forgotten : _forgottenUntil;
        }
    }

    /// <summary>The moment of an event, comparable with <see cref="Now"/>. It is never in the future.</summary>
    /// <param name="id">The object to which it happened.</param>
    /// <param name="stamp">The stamp of the event in the state.</param>
    public TimeSpan MomentOf(string id, DateTimeOffset stamp) =>
        _moments.TryGetValue((id, stamp.UtcTicks), out var seen) ? seen : ByStamp(stamp.UtcTicks);

    /// <summary>For an event before this manager led, or one that it forgot.</summary>
    private TimeSpan ByStamp(long stamp)
    {
        var moment = LeadsSince + TimeSpan.FromTicks(stamp - _wallThen.UtcTicks);
        return moment < _forgottenUntil ? moment : _forgottenUntil;
    }
}
