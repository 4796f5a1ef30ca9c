using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;
using Swarm.Core.State;
using Swarm.Core.Timing;

namespace Swarm.Core.Scheduling;

/// <summary>Assigns tasks to nodes: filters, then spread.</summary>
/// <remarks><para>The scheduler is a function of applied state: the output of <see cref="Schedule"/> counts only once it was applied and
/// observed. Output
/// that is not observed before the next call is taken to be dropped, and tried again. So call <see cref="Schedule"/> only while no batch is
/// in flight.</para>
/// <para>Order of nodes, as in SwarmKit: nodes on which this revision failed five times within five minutes come last. Then fewest live
/// tasks of
/// this service decide, then fewest live tasks of all services, then the ordinal id. With spread preferences, that order holds within the
/// branch
/// with the fewest live tasks of the service.</para>
/// <para>Not thread-safe.</para></remarks>
public sealed partial class Scheduler
{
    private readonly ClusterState _state;
    private readonly NodeSet _nodes = new();
    private readonly ServiceCounts _counts;
    private readonly RecentFailures _failures = new();
    private readonly ProfileCache _profiles;
    private readonly ServicePools _servicePools;
    private readonly PendingQueue _pending;

    // Shares of the tasks that take something of their node. A task's share is found here when it ends, even if its revision is gone by
    // then.
    private readonly Dictionary<string, TaskShare> _shares = new(StringComparer.Ordinal);
    private readonly List<Decision> _decisions = [];
    private readonly LeaderClock? _clock;
    private DateTimeOffset _now;
    private TimeSpan _moment;

    // The ports of the group in hand, where they are not those of its revision.
    private TaskPorts? _ports;

    /// <summary>A scheduler that looks back for failures by the stamps in the state.</summary>
    public Scheduler(ClusterState state)
        : this(state, null) { }

    /// <summary>A scheduler whose look-back for failures does not depend on the wall clock.</summary>
    internal Scheduler(ClusterState state, LeaderClock? clock)
    {
        ArgumentNullException.ThrowIfNull(state);
        _state = state;
        _clock = clock;
        _counts = new ServiceCounts(state, _nodes);
        _servicePools = new ServicePools(_nodes, _counts);
        _profiles = new ProfileCache(_nodes);
        _pending = new PendingQueue(_profiles);
        Reset();
    }

    /// <summary>True when an unassigned task could be tried: it is new, or the cause of its refusal may have ended.</summary>
    public bool HasWork => _pending.HasWork;

    /// <summary>An injected fault, for the simulation tests.</summary>
    internal bool IgnoresMaxReplicas { get; init; }

    /// <summary>Starts afresh from the state: call it after <see cref="ClusterState.Restore"/>, and when this manager becomes the leader.</summary>
    public void Reset()
    {
        _nodes.Clear();
        _counts.Clear();
        _failures.Clear();
        _profiles.Clear();
        _servicePools.Clear();
        _pending.Clear();
        _shares.Clear();
        _decisions.Clear();
        _claims.Clear();
        _queuedHaveClaims = false;
        IsClaimedForQueued = false;
        foreach (var node in _state.Nodes)
        {
            _nodes.Put(node);
        }
        var ordered = new List<SwarmTask>();
        foreach (var task in _state.Tasks)
        {
            if (PendingQueue.IsPending(task) || HasFailed(task))
            {
                ordered.Add(task);
            }
            else
            {
                // Counts do not depend on the order.
                ObserveTask(null, task);
            }
        }
        // In id order, so that every manager that starts from this state decides alike.
        ordered.Sort(static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        foreach (var task in ordered)
        {
            ObserveTask(null, task);
        }
    }

    /// <summary>Applies one change. Call it for every applied change, in order, before <see cref="Schedule"/>.</summary>
    public void Observe(ChangedObject change)
    {
        switch (change)
        {
            case ChangedObject.OfTask c:
                ObserveTask(c.Before, c.After);
                break;
            case ChangedObject.OfNode { After: { } after } c:
                if (c.Before is not null && !Matters(c.Before, after) && _nodes.Find(after.Id) is { Node: not null } known)
                {
                    known.Node = after;
                }
                else
                {
                    _nodes.Put(after);
                    _pending.RetryAll();
                }
                break;
            case ChangedObject.OfNode { Before: { } before }:
                _nodes.Remove(before.Id);
                _pending.RetryAll();
                break;
            case ChangedObject.OfService { Before: { } before, After: { } after } when before.Spec.Ports != after.Spec.Ports:
                foreach (var task in _state.TasksOfService(after.Id))
                {
                    if (PendingQueue.IsPending(task))
                    {
                        _pending.Retry(task);
                    }
                }
                break;
            case ChangedObject.OfService { After: null, Before: { } service }:
                _counts.Forget(service.Id);
                _servicePools.Forget(service.Id);
                break;
            default:
                break;
        }
    }

    /// <summary>Tries every queued task. Appends a TaskAssign for each task that fits, and a TaskPendingSet for each other one whose
    /// reasons changed.</summary>
    /// <param name="now">The time of the assignments.</param>
    /// <param name="output">Changes are appended to it.</param>
    /// <param name="maxChanges">The limit of appended changes; at least 1. <see cref="HasWork"/> stays true while more is left.</param>
    public void Schedule(DateTimeOffset now, List<StateChange> output, int maxChanges = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxChanges, 1);
        _now = now;
        _moment = _clock?.Now ?? TimeSpan.FromTicks(now.UtcTicks);
        _failures.Prune(_moment);
        _nodes.Refresh();
        _pending.RequeueUnconfirmed();
        var limit = (int)Math.Min((long)output.Count + maxChanges, int.MaxValue);
        while (output.Count < limit && _pending.TryDequeue(out var group))
        {
            ScheduleGroup(group, output, limit);
        }
        TakeBack(_decisions);
        _counts.EndRound();
        _pending.Trim();
    }

    /// <summary>False for changes that affect neither a filter nor an order.</summary>
    private static bool Matters(Node before, Node after) =>
        before.Spec != after.Spec
        || before.Description != after.Description
        || before.Role != after.Role
        || before.Status.State != after.Status.State
        || before.Status.Address != after.Status.Address
        || before.Status.HeldUntil is null != after.Status.HeldUntil is null;

    private void ObserveTask(SwarmTask? before, SwarmTask? after)
    {
        _pending.Update(before, after);
        var heldBefore = before is not null && HoldsShare(before);
        var holdsNow = after is not null && HoldsShare(after);
        var countedBefore = before is not null && ServiceCounts.IsCounted(before);
        var countsNow = after is not null && ServiceCounts.IsCounted(after);
        if (heldBefore != holdsNow || countedBefore != countsNow)
        {
            var task = (after ?? before)!;
            var node = _nodes.GetOrAdd((holdsNow ? after! : before ?? after!).NodeId!);
            var share = heldBefore == holdsNow ? default : ShareOf(task, holdsNow);
            var live = (countsNow ? 1 : 0) - (countedBefore ? 1 : 0);
            _nodes.Adjust(node, live, share, holdsNow ? 1 : -1);
            if (live != 0)
            {
                _counts.Adjust(task.ServiceId, node, live);
            }
            if (!share.IsNone && !holdsNow)
            {
                _pending.RetryForRoomOn(node);
            }
            if (live < 0)
            {
                _pending.RetryForReplicaOf(task.ServiceId);
            }
        }
        if (after is not null && HasFailed(after) && before?.Status.State != after.Status.State)
        {
            var ended = SwarmTask.EndOf(after);
            _failures.Record(after, _clock?.MomentOf(after.Id, ended) ?? TimeSpan.FromTicks(ended.UtcTicks));
        }
    }

    /// <summary>0: no limit.</summary>
    private ulong MostReplicas(ServiceSpec spec) => IgnoresMaxReplicas ? 0 : spec.Placement.MaxReplicasPerNode;

    private static bool HasFailed(SwarmTask task) => task.Status.State is TaskState.Failed or TaskState.Rejected;

    private static bool HoldsShare(SwarmTask task) =>
        task is { NodeId: not null, Status.State: >= TaskState.Assigned and <= TaskState.Running };

    private TaskShare ShareOf(SwarmTask task, bool holds)
    {
        if (!holds && _shares.Remove(task.Id, out var held))
        {
            return held;
        }
        if (!holds && !_state.IsFork)
        {
            return default;
        }
        var share = _state.FindRevision(task.ServiceId, task.Revision) is { } revision ? TaskShare.Of(revision.Spec, task.Ports) : default;
        // A fork is planned on for a moment: revisions do not go before their tasks, and nothing is kept for each task.
        if (holds && !share.IsNone && !_state.IsFork)
        {
            _shares[task.Id] = share;
        }
        return share;
    }

    private Dictionary<NodeInfo, int>? FailuresOf(string? serviceId) =>
        serviceId is not null && _state.FindService(serviceId) is { } service
            ? _failures.Of(serviceId, service.Revision, _moment, _nodes)
            : null;

    private void ScheduleGroup(PendingGroup group, List<StateChange> output, int limit)
    {
        var (serviceId, revision, nodeId) = group.Key;
        var own = _state.FindRevision(serviceId, revision)?.Spec;
        var spec = _state.FindTaskSpec(serviceId, revision);
        if (own is null || spec is null)
        {
            // The service was removed; its tasks are removed with it or soon after.
            return;
        }
        _ports = own.Ports == spec.Ports ? null : new TaskPorts(spec.Ports);
        var profile = _profiles.Of(spec);
        if (nodeId is not null)
        {
            ConfirmPreassigned(group, profile, spec, nodeId, output, limit);
            return;
        }
        var pool = _profiles.PoolOf(profile);
        var failures = _failures.Of(serviceId, revision, _moment, _nodes);
        if (group.Count == 1 && failures is null && profile.Spread.Length == 0 && _state.CountTasksOfService(serviceId) == 1)
        {
            // The only task of its service takes the first node in order.
            var task = group.Tasks[0];
            if (pool.Root.Order!.First == NodeOrder.None)
            {
                Refuse(group, [task], profile, spec, null, output, limit);
                return;
            }
            var node = _nodes.Ordered[NodeOrder.RankOf(pool.Root.Order.First)];
            _nodes.Take(node, profile.Share);
            Decide(group, task, node, profile, output);
            return;
        }
        PlaceGroup(group, profile, pool, spec, failures, output, limit);
    }

    private void PlaceGroup(
        PendingGroup group,
        PlacementProfile profile,
        CandidatePool pool,
        ServiceSpec spec,
        Dictionary<NodeInfo, int>? failures,
        List<StateChange> output,
        int limit
    )
    {
        var counts = _counts.Of(group.Key.ServiceId);
        var tasks = group.Tasks;
        var placed = 0;
        var simple = failures is null && profile.Spread.Length == 0;
        if (simple && _servicePools.Of(group.Key.ServiceId, profile, MostReplicas(spec)) is { } own)
        {
            while (placed < tasks.Length && output.Count < limit && own.Root.Order!.First is not NodeOrder.None and var first)
            {
                var node = _nodes.Ordered[NodeOrder.RankOf(first)];
                _nodes.Take(node, profile.Share);
                Decide(group, tasks[placed++], node, profile, output);
                own.Restore(node);
            }
        }
        else
        {
            using var placement = new GroupPlacement(pool, profile, _nodes, counts, failures, MostReplicas(spec));
            while (placed < tasks.Length && output.Count < limit && placement.Assign() is { } node)
            {
                Decide(group, tasks[placed++], node, profile, output);
            }
        }
        if (placed == tasks.Length)
        {
            return;
        }
        var left = PlaceBesideReplaced(group, tasks[placed..], profile, MostReplicas(spec), output, limit);
        if (left.Length == 0)
        {
            return;
        }
        if (output.Count >= limit)
        {
            _pending.Enqueue(group);
            return;
        }
        Refuse(group, left, profile, spec, counts, output, limit);
    }

    private void ConfirmPreassigned(
        PendingGroup group,
        PlacementProfile profile,
        ServiceSpec spec,
        string nodeId,
        List<StateChange> output,
        int limit
    )
    {
        var node = _nodes.Find(nodeId);
        var counts = _counts.Of(group.Key.ServiceId);
        foreach (var task in group.Tasks)
        {
            if (output.Count >= limit)
            {
                _pending.Enqueue(group);
                return;
            }
            var why = node?.Node is null ? new PendingReason("ready", 1, "the node is not in the swarm") : profile.Refusal(node);
            if (why is null && MostReplicas(spec) is > 0 and var most)
            {
                var count = counts.GetValueOrDefault(node!);
                why = (ulong)count >= most ? MaxReplicasReached(spec, 1) : null;
            }
            if (why is null)
            {
                _nodes.Take(node!, profile.Share);
                Decide(group, task, node!, profile, output);
                continue;
            }
            SetReasons(task, new PendingReasons([why]), output);
            _pending.Block(group, profile, why.Filter == "max-replicas");
        }
    }

    private void Refuse(
        PendingGroup group,
        ReadOnlySpan<SwarmTask> tasks,
        PlacementProfile profile,
        ServiceSpec spec,
        Dictionary<NodeInfo, int>? counts,
        List<StateChange> output,
        int limit
    )
    {
        var reasons = profile.Refusals(_nodes, out var suitable);
        // The pipeline accepts these nodes, and they were not chosen: they have the maximum of replicas.
        if (suitable > 0 && counts is not null)
        {
            reasons = new PendingReasons([.. reasons.Reasons, MaxReplicasReached(spec, suitable)]);
        }
        foreach (var task in tasks)
        {
            if (output.Count >= limit)
            {
                _pending.Enqueue(group);
                return;
            }
            SetReasons(task, reasons, output);
        }
        _pending.Block(group, profile, suitable > 0);
    }

    private static void SetReasons(SwarmTask task, PendingReasons reasons, List<StateChange> output)
    {
        if (!reasons.Equals(task.Pending))
        {
            output.Add(new StateChange.TaskPendingSet(task.Id, reasons));
        }
    }

    /// <summary>Returns an assignment that the node's own counts already include.</summary>
    private void Decide(PendingGroup group, SwarmTask task, NodeInfo node, PlacementProfile profile, List<StateChange> output)
    {
        output.Add(new StateChange.TaskAssign(task.Id, node.Id, _now, _ports));
        _pending.MarkDecided(group);
        var counted = _counts.Adjust(group.Key.ServiceId, node, 1);
        _decisions.Add(new Decision(node, counted ? group.Key.ServiceId : null, profile.Share));
    }

    /// <summary>Decisions count within one call; after it, only applied changes do.</summary>
    private void TakeBack(List<Decision> decisions)
    {
        foreach (var (node, serviceId, share) in decisions)
        {
            _nodes.Adjust(node, -1, share, -1);
            if (serviceId is not null)
            {
                _counts.Adjust(serviceId, node, -1);
            }
        }
        decisions.Clear();
        if (decisions.Capacity > 4096)
        {
            decisions.Capacity = 0;
        }
    }

    /// <param name="ServiceId">Null when the counts of the service are not kept.</param>
    private readonly record struct Decision(NodeInfo Node, string? ServiceId, TaskShare Share);
}
