using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.Orchestration.Reconcilers;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>Previews changes for <c>-WhatIf</c> on a copy of the state. The state itself does not change.</summary>
/// <remarks>The control loop itself runs on the copy, with agents that obey at once; an update replaces all tasks in one step. Nodes of new
/// tasks
/// are the scheduler's choices of this moment.</remarks>
public static class ServicePlanner
{
    /// <summary>Enough rounds for every change that converges: creation, placement, start, and the same again for replacements.</summary>
    private const int MostRounds = 64;

    /// <summary>The effects of creating a service.</summary>
    public static IReadOnlyList<PlannedAction> PreviewCreate(ClusterState state, ServiceSpec spec, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        const string Id = "preview";
        return Try(state, ServiceChanges.Create(Id, spec, null, now), now, t => t.ServiceId == Id);
    }

    /// <summary>The effects of a new spec, on scale and on the task template.</summary>
    /// <exception cref="ArgumentException">As <see cref="ServiceChanges.Update"/>.</exception>
    public static IReadOnlyList<PlannedAction> PreviewUpdate(
        ClusterState state,
        Service service,
        ServiceSpec newSpec,
        DateTimeOffset now
    ) => Try(state, ServiceChanges.Update(state, service, newSpec, null, now), now, t => t.ServiceId == service.Id);

    /// <summary>The effects of a rollback.</summary>
    /// <exception cref="ArgumentException">As <see cref="ServiceChanges.Rollback"/>.</exception>
    public static IReadOnlyList<PlannedAction> PreviewRollback(ClusterState state, Service service, ulong toRevision, DateTimeOffset now) =>
        Try(state, ServiceChanges.Rollback(state, service, toRevision, now), now, t => t.ServiceId == service.Id);

    /// <summary>The effects of removing a service.</summary>
    public static IReadOnlyList<PlannedAction> PreviewRemove(ClusterState state, string serviceId, DateTimeOffset now) =>
        Try(state, [new StateChange.ServiceRemove(serviceId)], now, t => t.ServiceId == serviceId);

    /// <summary>The effects of setting a node's availability, or of removing the node.</summary>
    /// <param name="availability">Null: the node is removed.</param>
    /// <exception cref="ArgumentException">There is no such node.</exception>
    public static IReadOnlyList<PlannedAction> PreviewNode(
        ClusterState state,
        string nodeId,
        NodeAvailability? availability,
        DateTimeOffset now
    )
    {
        ArgumentNullException.ThrowIfNull(state);
        var node = state.FindNode(nodeId) ?? throw new ArgumentException($"There is no node '{nodeId}'.", nameof(nodeId));
        StateChange change = availability is { } wanted
            ? new StateChange.NodeSpecSet(nodeId, node.Spec with { Availability = wanted }, now)
            : new StateChange.NodeRemove(nodeId);
        return Try(
            state,
            [change],
            now,
            t => t.NodeId == nodeId,
            showKept: availability != NodeAvailability.Drain && availability is not null
        );
    }

    /// <summary>The effects of stopping one task.</summary>
    public static IReadOnlyList<PlannedAction> PreviewStop(ClusterState state, string taskId, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Try(state, [new StateChange.TaskDesire(taskId, TaskState.Shutdown)], now, t => t.Id == taskId, showKept: false);
    }

    private static List<PlannedAction> Try(
        ClusterState state,
        IReadOnlyList<StateChange> change,
        DateTimeOffset now,
        Func<SwarmTask, bool> concerns,
        bool showKept = true
    )
    {
        ArgumentNullException.ThrowIfNull(state);
        // Work already in progress (a restart, an update) happens in both copies, so it does not show as an effect of this change.
        var without = Settle(state, [], now, null);
        var with = Settle(state, change, now, concerns);
        return Compare(state, without, with, concerns, showKept);
    }

    private static ClusterState Settle(
        ClusterState state,
        IReadOnlyList<StateChange> change,
        DateTimeOffset now,
        Func<SwarmTask, bool>? concerns
    )
    {
        var copy = new ClusterState();
        copy.Restore(state.Capture());
        copy.Apply(change, state.Index + 1);
        if (concerns is not null)
        {
            copy.Apply(UpdateInOneGo(copy, state, now), copy.Index + 1);
        }
        var clock = new PreviewClock(now);
        var loop = new ControlLoop(copy, clock, IdSource.Seeded(1));
        for (var round = 0; round < MostRounds; round++)
        {
            var plan = loop.Plan(int.MaxValue);
            copy.Apply(plan, copy.Index + 1);
            if (concerns is null)
            {
                break;
            }
            var reports = Obey(copy, clock.Now);
            if (plan.Count == 0 && reports.Count == 0)
            {
                break;
            }
            clock.Now = clock.Now.AddTicks(1);
            foreach (var report in reports)
            {
                copy.Apply([report], copy.Index + 1);
            }
        }
        return copy;
    }

    /// <summary>Removes the update's delays and batches: a preview does not show time.</summary>
    private static List<StateChange> UpdateInOneGo(ClusterState copy, ClusterState original, DateTimeOffset now)
    {
        var atOnce = UpdateConfig.Default with { Parallelism = 0, Monitor = TimeSpan.Zero, FailureAction = FailureAction.Continue };
        var changes = new List<StateChange>();
        foreach (var service in copy.Services.OrderBy(s => s.Id, StringComparer.Ordinal))
        {
            if (Updater.IsRolling(service.UpdateStatus) && original.FindService(service.Id)?.Version != service.Version)
            {
                var spec = service.Spec with { Update = atOnce, Rollback = atOnce };
                changes.Add(new StateChange.ServiceSpecSet(service.Id, spec, service.Revision, null, service.UpdateStatus, now));
            }
        }
        return changes;
    }

    /// <summary>Acts as perfect agents: every task reaches its desired state at once.</summary>
    private static List<StateChange> Obey(ClusterState copy, DateTimeOffset now)
    {
        var reports = new List<StateChange>();
        foreach (var task in copy.Tasks.OrderBy(t => t.Id, StringComparer.Ordinal))
        {
            if (
                task.Status.State is < TaskState.Assigned or > TaskState.Running
                || task.NodeId is null
                || copy.FindNode(task.NodeId)?.Status.State != NodeState.Ready
            )
            {
                continue;
            }
            var reached =
                task.DesiredState > TaskState.Running ? TaskState.Shutdown
                : task.DesiredState == TaskState.Running ? TaskState.Running
                : TaskState.Ready;
            if (reached > task.Status.State)
            {
                reports.Add(new StateChange.TaskObserve(task.Id, task.Status with { State = reached, Timestamp = now }));
            }
        }
        return reports;
    }

    private static List<PlannedAction> Compare(
        ClusterState state,
        ClusterState without,
        ClusterState with,
        Func<SwarmTask, bool> concerns,
        bool showKept
    )
    {
        var before = BySlot(state.Tasks);
        var after = BySlot(with.Tasks);
        var untouched = BySlot(without.Tasks);
        var actions = new List<(string Service, uint Slot, string Node, PlannedAction Action)>();
        foreach (var (key, old) in before)
        {
            var next = after.GetValueOrDefault(key);
            if (!concerns(old) && next?.Id == old.Id)
            {
                continue;
            }
            if (next is not null && next.Id == old.Id)
            {
                if (showKept && concerns(old))
                {
                    Add(old, PlannedActionKind.Keep, old.Id, old.NodeId ?? "", "");
                }
            }
            else if (next is null)
            {
                var removed =
                    with.FindService(old.ServiceId) is null || with.FindTask(old.Id) is null or { DesiredState: TaskState.Remove };
                Add(old, removed ? PlannedActionKind.Remove : PlannedActionKind.Stop, old.Id, old.NodeId ?? "", "");
            }
            else if (untouched.GetValueOrDefault(key)?.Id != old.Id && !concerns(old))
            {
                // The task would be replaced without this change as well.
                continue;
            }
            else if (next.Revision == old.Revision && next.NodeId != old.NodeId)
            {
                Add(old, PlannedActionKind.Move, old.Id, next.NodeId ?? "", Where(next, $"from {NameOf(state, old.NodeId)}"));
            }
            else
            {
                Add(old, PlannedActionKind.Stop, old.Id, old.NodeId ?? "", "");
                Add(next, PlannedActionKind.Create, "", next.NodeId ?? "", Where(next, ""));
            }
        }
        foreach (var (key, next) in after)
        {
            if (!before.ContainsKey(key) && !untouched.ContainsKey(key))
            {
                Add(next, PlannedActionKind.Create, "", next.NodeId ?? "", Where(next, ""));
            }
        }
        // The sort is stable, so that the stop of a slot stays before its create.
        return
        [
            .. actions
                .OrderBy(a => a.Service, StringComparer.Ordinal)
                .ThenBy(a => a.Slot)
                .ThenBy(a => a.Node, StringComparer.Ordinal)
                .Select(a => a.Action),
        ];

        void Add(SwarmTask task, PlannedActionKind kind, string taskId, string nodeId, string detail)
        {
            var service = with.FindService(task.ServiceId) ?? state.FindService(task.ServiceId);
            var serviceName = service?.Spec.Name ?? task.ServiceId;
            var name = task.Slot > 0 ? $"{serviceName}.{task.Slot}" : $"{serviceName}.{task.NodeId}";
            actions.Add((serviceName, task.Slot, task.NodeId ?? "", new PlannedAction(kind, name, taskId, nodeId, detail)));
        }
    }

    /// <summary>The newest active task of each slot (or node, for global services).</summary>
    private static Dictionary<(string Service, uint Slot, string Node), SwarmTask> BySlot(IEnumerable<SwarmTask> tasks)
    {
        var newest = new Dictionary<(string, uint, string), SwarmTask>();
        foreach (var task in tasks)
        {
            if (task.DesiredState > TaskState.Running)
            {
                continue;
            }
            var key = (task.ServiceId, task.Slot, task.Slot > 0 ? "" : task.NodeId ?? "");
            if (!newest.TryGetValue(key, out var other) || Slot.OldestFirst(other, task) < 0)
            {
                newest[key] = task;
            }
        }
        return newest;
    }

    private static string Where(SwarmTask task, string detail)
    {
        var why = task.Pending is { } pending ? "no suitable node: " + string.Join("; ", pending.Reasons.Select(r => r.Detail)) : "";
        return detail.Length > 0 && why.Length > 0 ? $"{detail}; {why}" : detail + why;
    }

    private static string NameOf(ClusterState state, string? nodeId) => nodeId is null ? "no node" : state.FindNode(nodeId)?.Name ?? nodeId;
}
