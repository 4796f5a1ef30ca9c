using System.Globalization;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.Orchestration.Reconcilers;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>Tells callers that wait whether a service has converged or a node is drained. Reads applied state only.</summary>
public static class Convergence
{
    /// <summary>The progress of a service. A removed service has converged when its last task is gone; tasks on nodes that are down do not
    /// count.</summary>
    public static ServiceConvergence OfService(ClusterState state, string serviceId)
    {
        ArgumentNullException.ThrowIfNull(state);
        var plan = new PlanContext(state, DateTimeOffset.MinValue, NoIds, ControlLoopOptions.Default, int.MaxValue);
        if (state.FindService(serviceId) is not { } service)
        {
            return OfRemoved(state, serviceId);
        }
        var view = new ServiceView(plan, service);
        var tally = Tally(plan, view);
        var desired = service.Spec.Mode is ServiceMode.Replicated replicated ? replicated.Replicas : CountGlobal(plan, view);
        var status = service.UpdateStatus;
        var paused = status?.State is UpdateState.Paused or UpdateState.RollbackPaused;
        var settled = tally.Running + tally.Completed == desired && tally.Surplus == 0 && tally.Stopping == 0 && tally.OutOfDate == 0;
        var converged = settled && !paused && !Updater.IsRolling(status);
        var stuck = !converged && (paused || tally.GivenUp > 0);
        return new ServiceConvergence
        {
            ServiceId = serviceId,
            Desired = desired,
            Running = tally.Running,
            Updated = tally.Updated,
            Stopping = tally.Stopping,
            ByState = tally.ByState,
            Converged = converged,
            Stuck = stuck,
            Message = Message(service, desired, tally, converged, paused),
            Reason = converged ? "" : Reason(service, tally, paused),
        };
    }

    /// <summary>The progress of draining a node. The node may be gone already.</summary>
    /// <param name="moved">Services and slots that had a task there. The caller keeps the set between calls: a swarm without history
    /// (a limit of 0) deletes such a task before its replacement runs.</param>
    public static NodeConvergence OfNode(ClusterState state, string nodeId, ISet<(string ServiceId, uint Slot)>? moved = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        var plan = new PlanContext(state, DateTimeOffset.MinValue, NoIds, ControlLoopOptions.Default, int.MaxValue);
        var left = 0;
        var serviceIds = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var task in state.TasksOfNode(nodeId))
        {
            serviceIds.Add(task.ServiceId);
            if (plan.MayRun(task))
            {
                left++;
                moved?.Add((task.ServiceId, task.Slot));
            }
        }
        serviceIds.UnionWith(moved?.Select(static m => m.ServiceId) ?? []);
        var pending = 0;
        var reason = "";
        foreach (var serviceId in serviceIds)
        {
            if (state.FindService(serviceId) is not { Spec.Mode: ServiceMode.Replicated } service)
            {
                continue;
            }
            var view = new ServiceView(plan, service);
            foreach (var slot in view.Slots)
            {
                if (LostItsTaskOn(nodeId, slot, plan, moved?.Contains((serviceId, slot.Number)) is true))
                {
                    pending++;
                    reason = reason.Length > 0 ? reason : WaitReason.Of(plan, view, slot, slot.NewestActive!);
                }
            }
        }
        return new NodeConvergence(nodeId, left, pending) { Reason = reason };
    }

    // These contexts make no plan.
    internal static IdSource NoIds { get; } = new(static _ => throw new InvalidOperationException("Convergence creates nothing."));

    private static ServiceConvergence OfRemoved(ClusterState state, string serviceId)
    {
        var left = 0UL;
        var unreachable = 0;
        var nodes = new SortedSet<string>(StringComparer.Ordinal);
        var stopping = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var task in state.TasksOfService(serviceId))
        {
            if (
                task.Status.State is >= TaskState.Assigned and <= TaskState.Running
                && state.FindNode(task.NodeId!) is { Status.State: NodeState.Down } node
            )
            {
                // The task stays until the node returns or is removed, which may be never.
                unreachable++;
                nodes.Add(node.Name);
            }
            else
            {
                left++;
                if (task.NodeId is not null)
                {
                    stopping.Add(state.FindNode(task.NodeId)?.Name ?? task.NodeId);
                }
            }
        }
        var away =
            unreachable == 0
                ? ""
                : Invariant(
                    $"; tasks on nodes that are down, which will stop them when they return: {unreachable} on {string.Join(", ", nodes)}"
                );
        return new ServiceConvergence
        {
            ServiceId = serviceId,
            Desired = 0,
            Running = 0,
            Updated = 0,
            Stopping = left,
            ByState = new SortedDictionary<TaskState, int>(),
            Converged = left == 0,
            Stuck = false,
            Message = (left == 0 ? "removed" : Invariant($"{left} tasks are being removed")) + away,
            Reason = stopping.Count == 0 ? "" : StoppingOn(left, stopping),
        };
    }

    private static string StoppingOn(ulong tasks, SortedSet<string> nodes)
    {
        const int Named = 3;
        var more = nodes.Count > Named ? Invariant($" and {nodes.Count - Named} more nodes") : "";
        return (tasks == 1 ? "1 task is stopping on " : Invariant($"{tasks} tasks are stopping on "))
            + string.Join(", ", nodes.Take(Named))
            + more;
    }

    private static Counts Tally(PlanContext plan, ServiceView view)
    {
        var counts = new Counts();
        foreach (var slot in view.Slots)
        {
            var running = 0;
            var updated = false;
            var active = 0;
            foreach (var task in slot.Tasks)
            {
                if (task.DesiredState > TaskState.Running)
                {
                    counts.Stopping += plan.IsStopping(task) ? 1UL : 0;
                    continue;
                }
                if (view.IsGlobal && NodeHealth.IsLost(plan.NodeOf(task)))
                {
                    continue;
                }
                active++;
                counts.ByState[task.Status.State] = counts.ByState.GetValueOrDefault(task.Status.State) + 1;
                var runs = task.Status.State == TaskState.Running && !NodeHealth.IsInvalid(plan.NodeOf(task));
                running += runs ? 1 : 0;
                // A global task on a paused node is updated when the node is active again.
                var paused = view.IsGlobal && plan.NodeOf(task)?.Spec.Availability == NodeAvailability.Pause;
                var dirty = view.IsDirty(task);
                counts.OutOfDate += !paused && dirty ? 1UL : 0;
                updated |= runs && !dirty;
                if (counts.Reason.Length == 0 && !runs)
                {
                    counts.Reason = WaitReason.Of(plan, view, slot, task);
                }
            }
            counts.Running += running > 0 ? 1UL : 0;
            counts.Updated += updated ? 1UL : 0;
            counts.Surplus += active > 1 ? 1UL : 0;
            SwarmTask? ended = null;
            if (active == 0 && view.IsFinished(slot) && IsTakenUp(plan, view, slot.Newest!))
            {
                counts.OutOfDate++;
            }
            else if (active == 0 && view.IsFinished(slot))
            {
                var completed = slot.Newest!.Status.State == TaskState.Complete;
                counts.Completed += completed ? 1UL : 0;
                counts.GivenUp += completed ? 0 : 1UL;
                ended = completed ? null : slot.Newest;
            }
            else if (slot.Tasks.Count > 1 && Updater.FailureIn(slot, view) is { } failed)
            {
                counts.GivenUp++;
                ended = failed;
            }
            if (ended is not null && counts.Reason.Length == 0)
            {
                counts.Reason = SwarmTask.ReasonOfEnd(ended.Status);
            }
        }
        return counts;
    }

    /// <summary>True when the ended task was of an older spec, so that the update starts the slot anew. On a node that takes no new tasks,
    /// the slot waits until the node takes some.</summary>
    private static bool IsTakenUp(PlanContext plan, ServiceView view, SwarmTask ended) =>
        view.IsDirty(ended)
        && (!view.IsGlobal || plan.NodeOf(ended) is { Status.State: NodeState.Ready, Spec.Availability: NodeAvailability.Active });

    private static ulong CountGlobal(PlanContext plan, ServiceView view)
    {
        var count = 0UL;
        foreach (var node in plan.State.Nodes)
        {
            if (NodeHealth.IsInvalid(node) || !plan.MeetsConstraints(node, view.Service.Id, view.Service.Revision, view.Service.Spec))
            {
                continue;
            }
            var takesNew = node.Status.State == NodeState.Ready && node.Spec.Availability == NodeAvailability.Active;
            count += takesNew || HasActive(plan.State, view.Service.Id, node.Id) ? 1UL : 0;
        }
        return count;
    }

    private static bool HasActive(ClusterState state, string serviceId, string nodeId)
    {
        foreach (var task in state.TasksOfNode(nodeId))
        {
            if (task.ServiceId == serviceId && task.DesiredState <= TaskState.Running)
            {
                return true;
            }
        }
        return false;
    }

    private static bool LostItsTaskOn(string nodeId, Slot slot, PlanContext plan, bool moved)
    {
        SwarmTask? last = null;
        var active = false;
        var unplanned = false;
        foreach (var task in slot.Tasks)
        {
            if (task.DesiredState <= TaskState.Running)
            {
                if (task.Status.State == TaskState.Running && task.NodeId != nodeId)
                {
                    return false;
                }
                active = true;
                // The node was removed a moment ago, and no plan has followed yet.
                unplanned |=
                    task.NodeId == nodeId && task.Status.State is >= TaskState.Assigned and <= TaskState.Running && !plan.MayRun(task);
            }
            else
            {
                last = task;
            }
        }
        return active && (moved || unplanned || last?.NodeId == nodeId);
    }

    private static string Message(Service service, ulong desired, Counts tally, bool converged, bool paused)
    {
        if (converged)
        {
            return tally.Completed == 0
                ? Invariant($"{tally.Running} of {desired} tasks run")
                : Invariant($"{tally.Running} of {desired} tasks run, {tally.Completed} have completed");
        }
        var reason = Reason(service, tally, paused);
        return reason.Length > 0 ? $"{Progress(service, desired, tally, paused)}: {reason}"
            : tally.Stopping > 0 && !paused ? Invariant($"{Progress(service, desired, tally, paused)}, {tally.Stopping} are stopping")
            : Progress(service, desired, tally, paused);
    }

    private static string Progress(Service service, ulong desired, Counts tally, bool paused)
    {
        if (paused)
        {
            return service.UpdateStatus!.Message;
        }
        if (Updater.IsRolling(service.UpdateStatus))
        {
            var done = service.UpdateStatus!.State == UpdateState.Updating ? "updated" : "rolled back";
            return Invariant($"{service.UpdateStatus.Message}: {tally.Updated} of {desired} tasks are {done}, {tally.Running} run");
        }
        return tally.GivenUp > 0
            ? Invariant($"{tally.Running} of {desired} tasks run, {tally.GivenUp} have ended and are not restarted")
            : Invariant($"{tally.Running} of {desired} tasks run");
    }

    /// <summary>Why the service has not converged: the cause of a pause, else what keeps a task from running, else the cause of the
    /// rollback.</summary>
    private static string Reason(Service service, Counts tally, bool paused)
    {
        var cause = service.UpdateStatus?.Failure?.Error ?? "";
        if (paused)
        {
            return cause;
        }
        return tally.Reason.Length > 0 ? tally.Reason
            : Updater.IsRolling(service.UpdateStatus) ? cause
            : "";
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Counts
    {
        public ulong Running;
        public ulong Stopping;
        public ulong Surplus;
        public ulong OutOfDate;
        public ulong Completed;
        public ulong GivenUp;

        /// <summary>Tasks of the current spec that run.</summary>
        public ulong Updated;

        /// <summary>Why the first of the tasks that do not run is kept, as far as it is known.</summary>
        public string Reason = "";
        public readonly SortedDictionary<TaskState, int> ByState = [];
    }
}
