using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.Orchestration.Reconcilers;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>Previews changes for <c>-WhatIf</c> on forks of the state. The state itself does not change, and must not while a preview is made.</summary>
/// <remarks>The control loop itself runs on a fork, with agents that obey at once. An update goes its way without delays: one that gets stuck
/// is shown so. Nodes of new tasks are the scheduler's choices of this moment. Tasks that the change does not touch are counted and nothing else: they cost no memory.</remarks>
public static class ServicePlanner
{
    /// <summary>Enough rounds for every change that converges: creation, placement, start, and the same again for replacements.</summary>
    private const int MostRounds = 64;

    /// <summary>A batch looks at every slot of the service. An update of more slots than the root of this takes several at a time.</summary>
    private const int MostSlotVisits = 250_000;

    private const int FewestBatches = 16;

    /// <summary>Stop, start, placement and report of a batch, with room for a retry.</summary>
    private const int RoundsOfBatch = 8;

    /// <summary>The effects of creating a service.</summary>
    public static IReadOnlyList<PlannedAction> PreviewCreate(ClusterState state, ServiceSpec spec, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        const string Id = "preview";
        return Try(state, ServiceChanges.Create(Id, spec, null, now), now, t => t.ServiceId == Id);
    }

    /// <summary>The effects of a new spec, on scale and on the task template.</summary>
    /// <param name="state">Applied state.</param>
    /// <param name="service">The service as it is in the state.</param>
    /// <param name="newSpec">The whole new spec.</param>
    /// <param name="now">The moment of the update.</param>
    /// <param name="credential">Null: the credential stays as it is.</param>
    /// <param name="newAttempt">As in <see cref="ServiceChanges.Update"/>.</param>
    /// <exception cref="ArgumentException">As <see cref="ServiceChanges.Update"/>.</exception>
    public static IReadOnlyList<PlannedAction> PreviewUpdate(
        ClusterState state,
        Service service,
        ServiceSpec newSpec,
        DateTimeOffset now,
        RegistryCredential? credential = null,
        bool newAttempt = false
    ) => Try(state, ServiceChanges.Update(state, service, newSpec, credential, now, newAttempt), now, t => t.ServiceId == service.Id);

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
        var with = Play(state, change, now, atOnce: true, out var changed);
        if (Waits(with, changed))
        {
            // The update gets stuck, or takes more than one turn: its own parallelism decides what comes.
            with = Play(state, change, now, atOnce: false, out changed);
        }
        // Work already in progress (a restart, an update) happens in both forks, so it does not show as an effect of this change.
        var without = state.Fork();
        without.Apply(ControlLoop.OnFork(without, new PreviewClock(now), IdSource.Seeded(1), changed).Plan(int.MaxValue), state.Index + 1);
        return Compare(state, without, with, concerns, showKept);
    }

    private static ClusterState Play(
        ClusterState state,
        IReadOnlyList<StateChange> change,
        DateTimeOffset now,
        bool atOnce,
        out List<ChangedObject> changed
    )
    {
        var fork = state.Fork();
        fork.Apply(change, state.Index + 1);
        fork.Apply(WithoutDelays(fork, state, now, atOnce, out var batches), fork.Index + 1);
        changed = [.. fork.ForkChanges];
        Settle(fork, changed, now, MostRounds + (batches * RoundsOfBatch));
        return fork;
    }

    /// <summary>True when the update of a changed service has tasks that no node takes.</summary>
    private static bool Waits(ClusterState fork, IEnumerable<ChangedObject> changed) =>
        changed
            .OfType<ChangedObject.OfService>()
            .Select(static c => (c.After ?? c.Before)!.Id)
            .Distinct()
            .Any(id =>
                Updater.IsRolling(fork.FindService(id)?.UpdateStatus)
                && fork.TasksOfService(id).Any(static t => t is { Pending: not null, IsLive: true, NodeId: null })
            );

    private static void Settle(ClusterState fork, IEnumerable<ChangedObject> changed, DateTimeOffset now, int mostRounds)
    {
        var clock = new PreviewClock(now);
        var loop = ControlLoop.OnFork(fork, clock, IdSource.Seeded(1), changed);
        var touched = new HashSet<string>(StringComparer.Ordinal);
        fork.Changed += change =>
        {
            if (change is ChangedObject.OfTask { After: { } after })
            {
                touched.Add(after.Id);
            }
        };
        for (var round = 0; round < mostRounds; round++)
        {
            var plan = loop.Plan(int.MaxValue);
            fork.Apply(plan, fork.Index + 1);
            // Agents have done what they can of the rest: only the first look is at every task.
            var reports = Obey(fork, round == 0 ? fork.Tasks : touched.Select(fork.FindTask).OfType<SwarmTask>(), clock.Now);
            touched.Clear();
            if (plan.Count == 0 && reports.Count == 0)
            {
                break;
            }
            clock.Now = clock.Now.AddTicks(1);
            foreach (var report in reports)
            {
                fork.Apply([report], fork.Index + 1);
            }
        }
    }

    /// <summary>Removes the delays of the changed services' updates: a preview does not show time.</summary>
    /// <param name="batches">The most batches that one of the updates takes.</param>
    private static List<StateChange.ServiceSpecSet> WithoutDelays(
        ClusterState copy,
        ClusterState original,
        DateTimeOffset now,
        bool atOnce,
        out int batches
    )
    {
        var changes = new List<StateChange.ServiceSpecSet>();
        batches = 0;
        foreach (var service in copy.Services)
        {
            if (original.FindService(service.Id)?.Version == service.Version)
            {
                continue;
            }
            var slots = Math.Max(1, copy.CountTasksOfService(service.Id));
            var most = atOnce ? 1 : Math.Max(FewestBatches, MostSlotVisits / slots);
            var spec = service.Spec with
            {
                Update = AtOnce(service.Spec.Update, slots, most),
                Rollback = AtOnce(service.Spec.Rollback, slots, most),
            };
            batches = Math.Max(batches, Math.Min(slots, most));
            changes.Add(new StateChange.ServiceSpecSet(service.Id, spec, service.Revision, null, service.UpdateStatus, now));
        }
        changes.Sort(static (a, b) => string.CompareOrdinal(a.ServiceId, b.ServiceId));
        return changes;
    }

    private static UpdateConfig AtOnce(UpdateConfig config, int slots, int mostBatches) =>
        config with
        {
            Parallelism = config.Parallelism == 0 ? 0 : Math.Max(config.Parallelism, (ulong)((slots + mostBatches - 1) / mostBatches)),
            Delay = TimeSpan.Zero,
            Monitor = TimeSpan.Zero,
            FailureAction = FailureAction.Continue,
        };

    /// <summary>Acts as perfect agents: every task reaches its desired state at once.</summary>
    private static List<StateChange.TaskObserve> Obey(ClusterState copy, IEnumerable<SwarmTask> tasks, DateTimeOffset now)
    {
        var reports = new List<StateChange.TaskObserve>();
        foreach (var task in tasks)
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
        reports.Sort(static (a, b) => string.CompareOrdinal(a.TaskId, b.TaskId));
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
        var plan = new PlanContext(with, DateTimeOffset.MinValue, Convergence.NoIds, ControlLoopOptions.Default, int.MaxValue);
        // All else is the same in the state and in both forks.
        var slots = with
            .ForkChanges.Concat(without.ForkChanges)
            .OfType<ChangedObject.OfTask>()
            .SelectMany(static c => new[] { c.Before, c.After })
            .OfType<SwarmTask>()
            .Concat(state.Tasks.Where(concerns))
            .Select(SlotOf)
            .ToHashSet();
        var before = BySlot(state.Tasks, slots);
        var after = BySlot(with.Tasks, slots);
        var untouched = BySlot(without.Tasks, slots);
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
                    Add(old, PlannedActionKind.Keep, old.Id, old.NodeId ?? "", WhyKept(old));
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
                // The old task of a start-first update goes on if the new one does not come to run.
                var stays = with.FindTask(old.Id) is { IsLive: true };
                Add(old, stays ? PlannedActionKind.Keep : PlannedActionKind.Stop, old.Id, old.NodeId ?? "", stays ? WhyKept(old) : "");
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
                .ThenBy(a => a.Slot > 0 ? "" : a.Node, StringComparer.Ordinal)
                .Select(a => a.Action),
        ];

        string WhyKept(SwarmTask task) =>
            with.FindService(task.ServiceId) is { } service && Updater.IsRolling(service.UpdateStatus) && IsOlder(task, service)
                ? "the update does not get here before a task of it finds a node"
                : "";

        bool IsOlder(SwarmTask task, Service service) =>
            TaskTemplates.Compare(with.FindRevision(task.ServiceId, task.Revision)?.Spec, service.Spec) switch
            {
                TemplateDifference.None => false,
                TemplateDifference.PlacementOnly => plan.NodeOf(task) is not { } node
                    || !plan.MeetsConstraints(node, service.Id, service.Revision, service.Spec),
                _ => true,
            };

        void Add(SwarmTask task, PlannedActionKind kind, string taskId, string nodeId, string detail)
        {
            var service = with.FindService(task.ServiceId) ?? state.FindService(task.ServiceId);
            var serviceName = service?.Spec.Name ?? task.ServiceId;
            var name = task.Slot > 0 ? $"{serviceName}.{task.Slot}" : $"{serviceName}.{task.NodeId}";
            actions.Add((serviceName, task.Slot, task.NodeId ?? "", new PlannedAction(kind, name, taskId, nodeId, detail)));
        }
    }

    /// <summary>The newest active task of each of these slots.</summary>
    private static Dictionary<(string Service, uint Slot, string Node), SwarmTask> BySlot(
        IEnumerable<SwarmTask> tasks,
        HashSet<(string Service, uint Slot, string Node)> slots
    )
    {
        var newest = new Dictionary<(string, uint, string), SwarmTask>();
        foreach (var task in tasks)
        {
            var slot = SlotOf(task);
            if (task.DesiredState > TaskState.Running || !slots.Contains(slot))
            {
                continue;
            }
            if (!newest.TryGetValue(slot, out var other) || Slot.InOrder(other, task) < 0)
            {
                newest[slot] = task;
            }
        }
        return newest;
    }

    /// <summary>Of a global service, the slot is the node.</summary>
    private static (string Service, uint Slot, string Node) SlotOf(SwarmTask task) =>
        (task.ServiceId, task.Slot, task.Slot > 0 ? "" : task.NodeId ?? "");

    private static string Where(SwarmTask task, string detail)
    {
        var why = task.Pending is { } pending ? "no suitable node: " + string.Join("; ", pending.Reasons.Select(r => r.Detail)) : "";
        return detail.Length > 0 && why.Length > 0 ? $"{detail}; {why}" : detail + why;
    }

    private static string NameOf(ClusterState state, string? nodeId) => nodeId is null ? "no node" : state.FindNode(nodeId)?.Name ?? nodeId;
}
