using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <summary>Node orders for single large services. A service with few tasks shares the order of its profile and sets its few nodes aside
/// for each
/// placement. With tasks on most nodes, that would cost more than an order of its own.</summary>
internal sealed class ServicePools(NodeSet nodes, ServiceCounts counts)
{
    private readonly Dictionary<string, LinkedListNode<Entry>> _byService = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _recent = [];

    /// <summary>The service's own up-to-date pool; null when the service is not large.</summary>
    public CandidatePool? Of(string serviceId, PlacementProfile profile, ulong maxReplicas)
    {
        var serviceCounts = counts.Of(serviceId);
        if (!counts.IsKept(serviceId))
        {
            return null;
        }
        if (_byService.TryGetValue(serviceId, out var entry))
        {
            _recent.Remove(entry);
        }
        else
        {
            _byService[serviceId] = entry = new LinkedListNode<Entry>(new Entry(serviceId));
        }
        _recent.AddFirst(entry);
        var known = entry.Value;
        // Another revision may have another profile, and the counts may have been counted anew.
        if (
            known.Pool is null
            || known.Profile.Key != profile.Key
            || known.MaxReplicas != maxReplicas
            || known.Counts != serviceCounts
            || !known.Pool.CatchUp()
        )
        {
            var pool = new CandidatePool(profile, nodes, serviceCounts, maxReplicas);
            entry.Value = new Entry(serviceId, profile, maxReplicas, serviceCounts, pool);
        }
        Trim();
        return entry.Value.Pool;
    }

    public void Forget(string serviceId)
    {
        if (_byService.Remove(serviceId, out var entry))
        {
            _recent.Remove(entry);
        }
    }

    public void Clear()
    {
        _byService.Clear();
        _recent.Clear();
    }

    private void Trim()
    {
        while (_recent.Count > ProfileCache.PoolsKept(nodes.Count))
        {
            Forget(_recent.Last!.Value.ServiceId);
        }
    }

    private readonly record struct Entry(
        string ServiceId,
        PlacementProfile Profile,
        ulong MaxReplicas,
        Dictionary<NodeInfo, int> Counts,
        CandidatePool? Pool
    )
    {
        public Entry(string serviceId)
            : this(serviceId, null!, 0, null!, null) { }
    }
}
