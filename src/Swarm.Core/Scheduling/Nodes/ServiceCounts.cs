using System.Runtime.InteropServices;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>Live tasks of a service by node. They are counted when a service is first scheduled. Only the counts of large services are kept
/// up to date afterwards.</summary>
internal sealed class ServiceCounts(ClusterState state, NodeSet nodes)
{
    /// <summary>With fewer tasks, counting again costs less than remembering: a million small services must not each have a
    /// table.</summary>
    public const int KeptFrom = 64;

    private readonly Dictionary<string, Dictionary<NodeInfo, int>> _byService = new(StringComparer.Ordinal);
    private readonly HashSet<string> _small = new(StringComparer.Ordinal);

    public static bool IsCounted(SwarmTask task) => task.NodeId is not null && task.Status.State >= TaskState.Assigned && task.IsLive;

    /// <summary>The counts, valid until <see cref="EndRound"/>.</summary>
    public Dictionary<NodeInfo, int> Of(string serviceId)
    {
        if (_byService.TryGetValue(serviceId, out var counts))
        {
            return counts;
        }
        counts = [];
        var tasks = state.TasksOfService(serviceId);
        foreach (var task in tasks)
        {
            if (IsCounted(task) && nodes.Find(task.NodeId!) is { } node)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(counts, node, out _)++;
            }
        }
        _byService[serviceId] = counts;
        if (tasks.Count < KeptFrom)
        {
            _small.Add(serviceId);
        }
        return counts;
    }

    /// <summary>True when the service's counts are kept up to date from round to round.</summary>
    public bool IsKept(string serviceId) => _byService.ContainsKey(serviceId) && !_small.Contains(serviceId);

    /// <returns>False when the service's counts are not kept at the moment.</returns>
    public bool Adjust(string serviceId, NodeInfo node, int by)
    {
        if (!_byService.TryGetValue(serviceId, out var counts))
        {
            return false;
        }
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, node, out _);
        count += by;
        if (count == 0)
        {
            counts.Remove(node);
        }
        return true;
    }

    public void EndRound()
    {
        foreach (var serviceId in _small)
        {
            _byService.Remove(serviceId);
        }
        _small.Clear();
    }

    public void Forget(string serviceId) => _byService.Remove(serviceId);

    public void Clear()
    {
        _byService.Clear();
        _small.Clear();
    }
}
