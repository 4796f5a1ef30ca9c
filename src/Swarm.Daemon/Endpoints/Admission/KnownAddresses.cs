using System.Net;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The addresses of members: those from which one has connected, and those that the swarm's state has. Their handshakes have places of their
/// own.</summary>
internal sealed class KnownAddresses
{
    /// <summary>Addresses of connections that are kept, 100 bytes each; the oldest goes first, and comes back with its next connection.</summary>
    private const int Most = 4096;

    private readonly Lock _lock = new();
    private readonly HashSet<IPAddress> _connected = [];
    private readonly Queue<IPAddress> _order = [];
    private readonly Dictionary<string, IPAddress> _ofNodes = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, int> _nodesOf = [];

    public bool Contains(IPAddress address)
    {
        lock (_lock)
        {
            return _connected.Contains(address) || _nodesOf.ContainsKey(address);
        }
    }

    /// <summary>Adds the address of a member's connection.</summary>
    public void Add(IPAddress address)
    {
        lock (_lock)
        {
            if (!_connected.Add(address))
            {
                return;
            }
            _order.Enqueue(address);
            if (_order.Count > Most)
            {
                _connected.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>Sets the address of a node. A node has one: whatever it says of itself, it takes no place of another.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="address">The address as the state has it. A text that is no IP address, and null for a node that is gone, count as none.</param>
    public void SetNode(string nodeId, string? address)
    {
        lock (_lock)
        {
            Set(nodeId, address);
        }
    }

    /// <summary>Sets the addresses of all nodes.</summary>
    /// <param name="nodes">Id and address of each.</param>
    public void SetNodes(IEnumerable<(string Id, string Address)> nodes)
    {
        lock (_lock)
        {
            _ofNodes.Clear();
            _nodesOf.Clear();
            foreach (var (id, address) in nodes)
            {
                Set(id, address);
            }
        }
    }

    private void Set(string nodeId, string? address)
    {
        if (_ofNodes.Remove(nodeId, out var before) && --_nodesOf[before] == 0)
        {
            _nodesOf.Remove(before);
        }
        if (IPAddress.TryParse(address, out var read))
        {
            var now = read.IsIPv4MappedToIPv6 ? read.MapToIPv4() : read;
            _ofNodes[nodeId] = now;
            _nodesOf[now] = _nodesOf.GetValueOrDefault(now) + 1;
        }
    }
}
