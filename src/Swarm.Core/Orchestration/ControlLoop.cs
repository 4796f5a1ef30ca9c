using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.Orchestration.Reconcilers;
using Swarm.Core.Scheduling;
using Swarm.Core.State;
using Swarm.Core.Timing;

namespace Swarm.Core.Orchestration;

/// <summary>The leader's single loop: turns changed objects and passed deadlines into the next batch of changes.</summary>
/// <remarks>
/// A plan depends only on applied state, the marks of changed objects, the time and the id source: equal events and seeds give equal plans.
/// Waits are measured on the leader's monotonic clock; the wall clock makes stamps.
/// <see cref="Plan"/> consumes the marks. Apply its batch (or <see cref="Reset"/> the loop) before the next call. Not thread-safe: the
/// caller guards it together with the state.
/// </remarks>
public sealed class ControlLoop
{
    private readonly ClusterState _state;
    private readonly TimeProvider _time;
    private readonly LeaderClock _clock;
    private readonly IdSource _ids;
    private readonly ControlLoopOptions _options;
    private readonly DirtyQueue _services = new();
    private readonly DirtyQueue _nodes = new();
    private readonly NodeNumbering _numbering;
    private readonly Deadlines _deadlines = new();
    private readonly HashSet<string> _withoutRoom = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _globalServices = new(StringComparer.Ordinal);

    /// <summary>Services with a task that stays on a node that is down, because no other takes it: see <see cref="ServiceView.IsStranded"/>.</summary>
    private readonly SortedSet<string> _stranded = new(StringComparer.Ordinal);

    /// <summary>Nodes on which tasks have ended since the last plan. Their reservations may be room for stranded tasks.</summary>
    private readonly HashSet<string> _freed = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _nodeIds = new(StringComparer.Ordinal);

    /// <summary>Watches the state from now on; all its objects are marked at first.</summary>
    public ControlLoop(ClusterState state, TimeProvider time, IdSource ids, ControlLoopOptions? options = null)
        : this(state, time, ids, options, settled: false) { }

    private ControlLoop(ClusterState state, TimeProvider time, IdSource ids, ControlLoopOptions? options, bool settled)
    {
        _state = state;
        _time = time;
        _clock = new LeaderClock(time);
        _ids = ids;
        _options = options ?? ControlLoopOptions.Default;
        Scheduler = new Scheduler(state, _clock) { IgnoresMaxReplicas = _options.Fault == InjectedFault.IgnoreMaxReplicas };
        _numbering = new NodeNumbering(state);
        state.Changed += Observe;
        FindNodesAndGlobalServices();
        if (!settled)
        {
            MarkEverything();
        }
    }

    /// <summary>A loop on a fork of a state that another loop keeps settled. Only changes of the fork are dirty, so its plans cost no more than these.</summary>
    /// <param name="fork">Watched from now on.</param>
    /// <param name="time">The clock of the plans.</param>
    /// <param name="ids">Gives the ids of new tasks.</param>
    /// <param name="changes">Objects that have changed already, in this fork or in another of the same state.</param>
    internal static ControlLoop OnFork(ClusterState fork, TimeProvider time, IdSource ids, IEnumerable<ChangedObject> changes)
    {
        var loop = new ControlLoop(fork, time, ids, null, settled: true);
        loop.FindStranded();
        foreach (var change in changes)
        {
            switch (change)
            {
                case ChangedObject.OfTask(var before, var after):
                    loop._services.Add((after ?? before)!.ServiceId);
                    break;
                case ChangedObject.OfService(var before, var after):
                    loop._services.Add((after ?? before)!.Id);
                    break;
                case ChangedObject.OfNode(var before, var after):
                    loop.MarkNode((after ?? before)!.Id);
                    break;
                default:
                    break;
            }
        }
        return loop;
    }

    public Scheduler Scheduler { get; }

    /// <summary>The time until the next work if nothing changes until then, at least zero; null: there is none.</summary>
    public TimeSpan? NextWait =>
        _deadlines.Next is not { } at ? null
        : at - _clock.Now is { Ticks: > 0 } left ? left
        : TimeSpan.Zero;

    /// <summary>This manager became the leader. Waits that began before go on from the ages that their stamps have now, see
    /// <see cref="LeaderClock"/>. Call <see cref="Reset"/> after it.</summary>
    public void Lead() => _clock.Lead();

    /// <summary>Marks everything anew: this manager became leader, a plan was lost, or the state was restored from a snapshot.</summary>
    public void Reset()
    {
        _services.Clear();
        _nodes.Clear();
        _deadlines.Clear();
        _withoutRoom.Clear();
        _globalServices.Clear();
        _stranded.Clear();
        _freed.Clear();
        _nodeIds.Clear();
        FindNodesAndGlobalServices();
        MarkEverything();
        Scheduler.Reset();
    }

    private void FindNodesAndGlobalServices()
    {
        foreach (var service in _state.Services)
        {
            if (service.Spec.Mode is ServiceMode.Global)
            {
                _globalServices.Add(service.Id);
            }
        }
        foreach (var node in _state.Nodes)
        {
            _nodeIds.Add(node.Id);
        }
        _numbering.Reset();
    }

    /// <summary>The other loop knows which of these are stranded; the others are checked for nothing when a node changes.</summary>
    private void FindStranded()
    {
        foreach (var node in _state.Nodes)
        {
            if (node.Status.State == NodeState.Down)
            {
                _stranded.UnionWith(_state.TasksOfNode(node.Id).Where(static t => t.IsLive).Select(static t => t.ServiceId));
            }
        }
    }

    private void MarkEverything()
    {
        var serviceIds = new SortedSet<string>(_state.Services.Select(static s => s.Id), StringComparer.Ordinal);
        foreach (var task in _state.Tasks)
        {
            // The remaining tasks of a removed service still have to be deleted.
            serviceIds.Add(task.ServiceId);
        }
        foreach (var id in serviceIds)
        {
            _services.Add(id);
        }
        foreach (var id in _nodeIds)
        {
            _nodes.Add(id);
        }
    }

    /// <summary>True when a mark or a passed deadline gives <see cref="Plan"/> work.</summary>
    public bool HasWork =>
        _services.Count > 0
        || _nodes.Count > 0
        || _freed.Count > 0
        || _numbering.HasWork
        || Scheduler.HasWork
        || (_deadlines.Next is { } next && next <= _clock.Now);

    /// <summary>The next batch of changes; empty when nothing needs to change.</summary>
    /// <param name="maxChanges">The approximate limit of changes. Objects left over stay marked; a step is never divided.</param>
    public IReadOnlyList<StateChange> Plan(int maxChanges = 2000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxChanges, 1);
        var now = _time.GetUtcNow();
        // Neither may starve the other: creating a million tasks leaves room to place those that exist.
        var ownShare = Scheduler.HasWork ? Math.Max(1, maxChanges / 2) : maxChanges;
        var plan = new PlanContext(_state, now, _ids, _options, ownShare, _clock, Scheduler);
        _deadlines.TakeDue(_clock.Now, _services);
        MarkThoseWithRoom();
        _numbering.Plan(plan.Changes);
        Enforce(plan);
        for (var left = _services.Count; left > 0 && plan.Changes.Count < ownShare && _services.TryTake(out var id); left--)
        {
            plan.Begin();
            Reconcile(id, plan);
            _deadlines.Set(id, plan.Deadline);
            if (plan.HasStranded)
            {
                _stranded.Add(id);
            }
            else if (!plan.CutOff)
            {
                _stranded.Remove(id);
            }
            if (plan.CutOff || plan.MayFindPlaces)
            {
                _services.Add(id);
            }
        }
        Scheduler.ReleaseClaims();
        var placements = maxChanges - plan.Changes.Count;
        if (Scheduler.HasWork && placements > 0)
        {
            Scheduler.Schedule(now, plan.Changes, placements);
        }
        return plan.Changes;
    }

    /// <summary>Services whose tasks stay on a node that is down are checked again when a node that suits them has got room.</summary>
    private void MarkThoseWithRoom()
    {
        if (_freed.Count == 0)
        {
            return;
        }
        foreach (var id in _stranded)
        {
            if (_state.FindService(id) is { } service && Scheduler.HasRoomOn(service, _freed))
            {
                _services.Add(id);
            }
        }
        _freed.Clear();
    }

    private void Enforce(PlanContext plan)
    {
        while (_nodes.TryTake(out var nodeId))
        {
            foreach (var task in _state.TasksOfNode(nodeId))
            {
                // The node may have room again, and may have got the task after its mark.
                _withoutRoom.Remove(task.Id);
                _services.Add(task.ServiceId);
            }
            foreach (var taskId in ConstraintEnforcer.FindWithoutRoom(plan, nodeId))
            {
                _withoutRoom.Add(taskId);
            }
        }
    }

    private void Reconcile(string serviceId, PlanContext plan)
    {
        var reaper = new TaskReaper(plan);
        if (_state.FindService(serviceId) is not { } service)
        {
            var tasks = new List<SwarmTask>(_state.TasksOfService(serviceId));
            tasks.Sort(Slot.OldestFirst);
            reaper.ReapAll(tasks);
            return;
        }
        var view = new ServiceView(plan, service);
        var slots = new SlotReconciler(plan, view, task => _withoutRoom.Contains(task.Id));
        if (service.Spec.Mode is ServiceMode.Replicated replicated)
        {
            new ReplicatedReconciler(plan, view, slots).Run(replicated.Replicas);
        }
        else
        {
            new GlobalReconciler(plan, view, slots).Run(_nodeIds);
        }
        if (!plan.CutOff)
        {
            reaper.Reap(view);
        }
    }

    private void Observe(ChangedObject change)
    {
        See(change);
        switch (change)
        {
            case ChangedObject.OfTask(var before, var after):
                if (TaskChanges.Matters(_state, before, after))
                {
                    _services.Add((after ?? before)!.ServiceId);
                }
                if (_stranded.Count > 0 && GaveRoomBack(before, after) && _options.Fault != InjectedFault.OverlookRoom)
                {
                    _freed.Add(before!.NodeId!);
                }
                if (after is null || after.DesiredState > TaskState.Running)
                {
                    _withoutRoom.Remove((after ?? before)!.Id);
                }
                break;
            case ChangedObject.OfService(var before, var after):
                ObserveService((after ?? before)!, after is not null);
                break;
            case ChangedObject.OfNode(var before, var after):
                _numbering.Observe(before, after);
                ObserveNode(before, after);
                break;
            case ChangedObject.OfCluster(var before, var after):
                if (before?.Settings.TaskHistoryLimit != after.Settings.TaskHistoryLimit)
                {
                    MarkEveryService();
                }
                break;
            case ChangedObject.OfCredentials or ChangedObject.OfNetwork:
                // No task depends on them.
                return;
            default:
                throw new InvalidOperationException($"Unknown change {change}.");
        }
        Scheduler.Observe(change);
    }

    private static bool GaveRoomBack(SwarmTask? before, SwarmTask? after) =>
        before is { NodeId: not null, Status.State: >= TaskState.Assigned and <= TaskState.Running }
        && (after is null || SwarmTask.IsTerminal(after.Status.State));

    /// <summary>Notes the moments of events that waits begin with.</summary>
    private void See(ChangedObject change)
    {
        switch (change)
        {
            case ChangedObject.OfTask(var before, { } task):
                if (before is null)
                {
                    _clock.See(task.Id, task.CreatedAt);
                }
                if (task.RunningSince is { } running && before?.RunningSince is null)
                {
                    _clock.See(task.Id, running);
                }
                if (task.EndedAt is { } ended && before?.EndedAt is null)
                {
                    _clock.See(task.Id, ended);
                }
                break;
            case ChangedObject.OfNode(var before, { Status.Since: { } since } node) when before?.Status.Since != since:
                _clock.See(node.Id, since);
                break;
            default:
                break;
        }
    }

    private void ObserveService(Service service, bool exists)
    {
        _services.Add(service.Id);
        if (exists && service.Spec.Mode is ServiceMode.Global)
        {
            _globalServices.Add(service.Id);
        }
        else
        {
            _globalServices.Remove(service.Id);
        }
    }

    private void ObserveNode(Node? before, Node? after)
    {
        var nodeId = (after ?? before)!.Id;
        if (after is null)
        {
            _nodeIds.Remove(nodeId);
        }
        else
        {
            _nodeIds.Add(nodeId);
        }
        if (before is not null && after is not null && !MattersToTasks(before, after))
        {
            return;
        }
        MarkNode(nodeId);
    }

    /// <summary>The node's tasks may no longer suit it, and services may have tasks to move or to add.</summary>
    private void MarkNode(string nodeId)
    {
        if (_nodeIds.Contains(nodeId))
        {
            _nodes.Add(nodeId);
        }
        var affected = new SortedSet<string>(_globalServices, StringComparer.Ordinal);
        affected.UnionWith(_stranded);
        foreach (var task in _state.TasksOfNode(nodeId))
        {
            affected.Add(task.ServiceId);
        }
        foreach (var id in affected)
        {
            _services.Add(id);
        }
    }

    private static bool MattersToTasks(Node before, Node after) =>
        before.Status.State != after.Status.State
        || before.Status.Address != after.Status.Address
        || before.Role != after.Role
        || before.Spec != after.Spec
        || before.Description != after.Description;

    private void MarkEveryService()
    {
        foreach (var id in _state.Services.Select(s => s.Id).Order(StringComparer.Ordinal))
        {
            _services.Add(id);
        }
    }
}
