using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;
using Swarm.Core.State;

namespace Swarm.Core.Scheduling;

/// <content>Start-first updates of a service that has its maximum of replicas on every node.</content>
public sealed partial class Scheduler
{
    /// <summary>Places tasks that max-replicas keeps off every node beside the task that they replace. The replaced task does not count: a
    /// slot that
    /// moves within a node is one replica, not two. Otherwise such an update would wait for ever, as SwarmKit's does. The old task would
    /// wait for
    /// the new one to run, and the new one for the old one to stop.</summary>
    /// <returns>The tasks that are still without a node.</returns>
    private SwarmTask[] PlaceBesideReplaced(
        PendingGroup group,
        SwarmTask[] tasks,
        PlacementProfile profile,
        ulong maxReplicas,
        List<StateChange> output,
        int limit
    )
    {
        var serviceId = group.Key.ServiceId;
        if (maxReplicas == 0 || _state.FindService(serviceId)?.UpdateStatus is null)
        {
            return tasks;
        }
        var nodesOfSlot = new Dictionary<uint, SortedSet<string>>();
        var surplus = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var task in _state.TasksOfService(serviceId))
        {
            if (!ServiceCounts.IsCounted(task))
            {
                continue;
            }
            if (!nodesOfSlot.TryGetValue(task.Slot, out var nodeIds))
            {
                nodesOfSlot[task.Slot] = nodeIds = new SortedSet<string>(StringComparer.Ordinal);
            }
            if (!nodeIds.Add(task.NodeId!))
            {
                surplus[task.NodeId!] = surplus.GetValueOrDefault(task.NodeId!) + 1;
            }
        }
        var counts = _counts.Of(serviceId);
        var left = new List<SwarmTask>();
        foreach (var task in tasks)
        {
            NodeInfo? chosen = null;
            if (output.Count < limit && nodesOfSlot.TryGetValue(task.Slot, out var nodeIds))
            {
                foreach (var nodeId in nodeIds)
                {
                    // The slots on the node, including this one.
                    if (
                        _nodes.Find(nodeId) is { Node: not null } node
                        && (ulong)(counts.GetValueOrDefault(node) - surplus.GetValueOrDefault(nodeId)) <= maxReplicas
                        && profile.Accepts(node)
                    )
                    {
                        chosen = node;
                        break;
                    }
                }
            }
            if (chosen is null)
            {
                left.Add(task);
                continue;
            }
            _nodes.Take(chosen, profile.Share);
            surplus[chosen.Id] = surplus.GetValueOrDefault(chosen.Id) + 1;
            Decide(group, task, chosen, profile, output);
        }
        return [.. left];
    }
}
