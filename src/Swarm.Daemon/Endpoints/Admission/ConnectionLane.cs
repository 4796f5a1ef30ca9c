namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Counts connections, and closes one of them when a newcomer finds no place.</summary>
/// <remarks>A newcomer is not refused: peers that hold their places for long would keep everybody out. The victim is the oldest connection of the key that has
/// the most of them, so that a flood from one address displaces itself.</remarks>
/// <param name="places">Connections of all keys together.</param>
/// <param name="placesOfKey">Connections of one key.</param>
internal sealed class ConnectionLane<TKey>(int places, int placesOfKey = int.MaxValue)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedList<Place>> _ofKey = [];
    private int _count;
    private long _entered;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Takes a place until it is disposed.</summary>
    /// <param name="key">The address, or the certificate.</param>
    /// <param name="close">Closes the connection, when its place goes to another.</param>
    public IDisposable Enter(TKey key, Action close)
    {
        Place place;
        Place? victim = null;
        lock (_lock)
        {
            place = new Place(this, key, close, ++_entered);
            if (_ofKey.TryGetValue(key, out var own) && own.Count >= placesOfKey)
            {
                victim = own.First!.Value;
            }
            else if (_count >= places)
            {
                // Of keys with as many places the one that has waited longest: callers that take a new key each keep no newcomer out.
                victim = _ofKey.Values.MaxBy(static list => (list.Count, -list.First!.Value.Number))!.First!.Value;
            }
            if (victim is not null)
            {
                Remove(victim);
            }
            if (!_ofKey.TryGetValue(key, out var list))
            {
                _ofKey[key] = list = [];
            }
            list.AddLast(place.Node);
            _count++;
        }
        victim?.Close();
        return place;
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            Remove(place);
        }
    }

    private void Remove(Place place)
    {
        if (place.Node.List is not { } list)
        {
            return;
        }
        list.Remove(place.Node);
        _count--;
        if (list.Count == 0)
        {
            _ofKey.Remove(place.Key);
        }
    }

    private sealed class Place : IDisposable
    {
        private readonly ConnectionLane<TKey> _lane;
        private readonly Action _close;

        public Place(ConnectionLane<TKey> lane, TKey key, Action close, long number)
        {
            _lane = lane;
            _close = close;
            Key = key;
            Number = number;
            Node = new LinkedListNode<Place>(this);
        }

        public TKey Key { get; }

        /// <summary>Counts the places in the order in which they were taken.</summary>
        public long Number { get; }

        public LinkedListNode<Place> Node { get; }

        public void Close() => _close();

        public void Dispose() => _lane.Leave(this);
    }
}
