using System.Net;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The addresses from which members have connected. Their handshakes have places of their own.</summary>
internal sealed class KnownAddresses
{
    /// <summary>Addresses that are kept, 100 bytes each; the oldest goes first, and comes back with its next connection.</summary>
    private const int Most = 4096;

    private readonly Lock _lock = new();
    private readonly HashSet<IPAddress> _all = [];
    private readonly Queue<IPAddress> _order = [];

    public bool Contains(IPAddress address)
    {
        lock (_lock)
        {
            return _all.Contains(address);
        }
    }

    public void Add(IPAddress address)
    {
        lock (_lock)
        {
            if (!_all.Add(address))
            {
                return;
            }
            _order.Enqueue(address);
            if (_order.Count > Most)
            {
                _all.Remove(_order.Dequeue());
            }
        }
    }
}
