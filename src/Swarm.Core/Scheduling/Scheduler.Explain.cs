using Swarm.Core.Model;
using Swarm.Core.Scheduling.Filters;
using Swarm.Core.Scheduling.Nodes;
using Swarm.Core.State;

namespace Swarm.Core.Scheduling;

/// <content>Questions about placement that change nothing.</content>
public sealed partial class Scheduler
{
    /// <summary>All nodes. Suitable ones come first, in the order in which further tasks of the service would take them. The others follow
    /// in id order, each with the first filter that refuses it.</summary>
    /// <param name="spec">The service's spec, existing or proposed.</param>
    /// <param name="serviceId">The existing service, whose tasks are taken into account; null for one that does not exist yet.</param>
    public IReadOnlyList<NodePlacement> Explain(ServiceSpec spec, string? serviceId)
    {
        ArgumentNullException.ThrowIfNull(spec);
        _nodes.Refresh();
        var profile = _profiles.Of(spec);
        var counts = serviceId is null ? [] : _counts.Of(serviceId);
        var failures = FailuresOf(serviceId);
        var placements = new List<NodePlacement>(_nodes.Count);
        var suitable = new HashSet<NodeInfo>();
        using (
            var placement = new GroupPlacement(
                _profiles.PoolOf(profile),
                profile,
                _nodes,
                counts,
                failures,
                spec.Placement.MaxReplicasPerNode
            )
        )
        {
            while (placement.Next() is { } node)
            {
                suitable.Add(node);
                placements.Add(Placement(node, placements.Count + 1, null));
            }
        }
        foreach (var node in _nodes.Ordered)
        {
            if (!suitable.Contains(node))
            {
                placements.Add(Placement(node, 0, profile.Refusal(node) ?? MaxReplicasReached(spec, 1)));
            }
        }
        _counts.EndRound();
        return placements;

        NodePlacement Placement(NodeInfo node, int rank, PendingReason? refusal) =>
            new(node.Node!, rank, refusal, counts.GetValueOrDefault(node), node.LiveTasks, failures?.GetValueOrDefault(node) ?? 0);
    }

    /// <summary>Runs the whole pipeline for one node.</summary>
    /// <param name="node">Its record may differ from the one in the state.</param>
    /// <param name="spec">The service's spec, existing or proposed.</param>
    /// <param name="serviceId">The existing service, whose tasks on the node count for max-replicas; null: none.</param>
    /// <param name="why">The first refusal; null when the node is suitable.</param>
    /// <remarks>Asks whether there is room for another task. For tasks that are on the node already, see <see cref="MeetsPlacement"/>.</remarks>
    public bool Fits(Node node, ServiceSpec spec, string? serviceId, out PendingReason? why)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(spec);
        var known = _nodes.Find(node.Id);
        why = new PlacementProfile(ProfileKey.Of(spec)).Refusal(NodeInfo.With(node, known));
        if (why is null && serviceId is not null && known is not null && spec.Placement.MaxReplicasPerNode > 0)
        {
            var count = _counts.Of(serviceId).GetValueOrDefault(known);
            _counts.EndRound();
            why = (ulong)count >= spec.Placement.MaxReplicasPerNode ? MaxReplicasReached(spec, 1) : null;
        }
        return why is null;
    }

    /// <summary>True when the node meets the constraints of a spec. State, availability and load do not count: the question is about tasks
    /// that are on the node already.</summary>
    public static bool MeetsPlacement(Node node, ServiceSpec spec, out PendingReason? why)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(spec);
        var filter = new ConstraintFilter(spec.Placement.Constraints);
        var info = NodeInfo.With(node, null);
        why = filter.Accepts(info) ? null : new PendingReason(filter.Name, 1, filter.Explain(info));
        return why is null;
    }

    /// <summary>True when some node could take tasks of the spec, whatever runs there now: it is Ready and Active, and meets constraints, platform
    /// and plugins.</summary>
    internal static bool IsTakenSomewhere(ClusterState state, ServiceSpec spec)
    {
        var profile = new PlacementProfile(ProfileKey.Of(spec));
        foreach (var node in state.Nodes)
        {
            if (profile.AcceptsRecord(NodeInfo.With(node, null)))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Why no node takes a further task. Nodes are counted by the first filter that refuses them, in the order of the filters'
    /// first node. Null when a node would take it.</summary>
    /// <param name="spec">The service's spec.</param>
    /// <param name="serviceId">The existing service, or null.</param>
    public PendingReasons? Refusals(ServiceSpec spec, string? serviceId)
    {
        var counts = new Dictionary<string, RefusalCount>(StringComparer.Ordinal);
        var filters = new List<string>();
        foreach (var placement in Explain(spec, serviceId))
        {
            if (placement.Refusal is not { } refusal)
            {
                return null;
            }
            if (!counts.TryGetValue(refusal.Filter, out var count))
            {
                counts[refusal.Filter] = count = new RefusalCount();
                filters.Add(refusal.Filter);
            }
            count.Add(refusal.Detail);
        }
        return new PendingReasons(filters.Select(f => counts[f].ToReason(f)).ToValueList());
    }

    private static PendingReason MaxReplicasReached(ServiceSpec spec, int nodes) =>
        new("max-replicas", nodes, $"the most replicas allowed on a node ({spec.Placement.MaxReplicasPerNode}) are there");
}
