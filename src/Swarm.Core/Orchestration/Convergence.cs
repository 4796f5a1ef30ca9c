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
            Stopping = tally.Stopping,
            ByState = tally.ByState,
            Converged = converged,
            Stuck = stuck,
            Message = Message(service, desired, tally, converged, paused),
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
        foreach (var serviceId in serviceIds)
        {
            if (state.FindService(serviceId) is not { Spec.Mode: ServiceMode.Replicated } service)
            {
                continue;
            }
            foreach (var slot in new ServiceView(plan, service).Slots)
            {
                pending += LostItsTaskOn(nodeId, slot, plan, moved?.Contains((serviceId, slot.Number)) is true) ? 1 : 0;
            }
        }
        return new NodeConvergence(nodeId, left, pending);
    }

    // These contexts make no plan.
    internal static IdSource NoIds { get; } = new(static _ => throw new InvalidOperationException("Convergence creates nothing."));

    private static ServiceConvergence OfRemoved(ClusterState state, string serviceId)
    {
        var left = 0UL;
        var unreachable = 0;
        var nodes = new SortedSet<string>(StringComparer.Ordinal);
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
            Stopping = left,
            ByState = new SortedDictionary<TaskState, int>(),
            Converged = left == 0,
            Stuck = false,
            Message = (left == 0 ? "removed" : Invariant($"{left} tasks are being removed")) + away,
        };
    }

    private static Counts Tally(PlanContext plan, ServiceView view)
    {
        var counts = new Counts();
        foreach (var slot in view.Slots)
        {
            var running = 0;
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
                counts.OutOfDate += !paused && view.IsDirty(task) ? 1UL : 0;
                if (counts.FirstProblem is null && !runs)
                {
                    counts.FirstProblem = task;
                    // The control loop leaves it there because no other node takes its replacement.
                    counts.DownNode = plan.IsAway(task) ? plan.NodeOf(task)!.Name : "";
                }
            }
            counts.Running += running > 0 ? 1UL : 0;
            counts.Surplus += active > 1 ? 1UL : 0;
            if (active == 0 && view.IsFinished(slot) && IsTakenUp(plan, view, slot.Newest!))
            {
                counts.OutOfDate++;
            }
            else if (active == 0 && view.IsFinished(slot))
            {
                var completed = slot.Newest!.Status.State == TaskState.Complete;
                counts.Completed += completed ? 1UL : 0;
                counts.GivenUp += completed ? 0 : 1UL;
                counts.FirstProblem ??= completed ? null : slot.Newest;
            }
            else if (slot.Tasks.Count > 1 && Updater.FailureIn(slot, view) is { } failed)
            {
                counts.GivenUp++;
                counts.FirstProblem ??= failed;
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
        if (paused)
        {
            return service.UpdateStatus!.Message;
        }
        if (converged)
        {
            return tally.Completed == 0
                ? Invariant($"{tally.Running} of {desired} tasks run")
                : Invariant($"{tally.Running} of {desired} tasks run, {tally.Completed} have completed");
        }
        var progress = Invariant($"{tally.Running} of {desired} tasks run");
        if (Updater.IsRolling(service.UpdateStatus))
        {
            var waits =
                tally.FirstProblem?.Pending is { } unplaced ? Reason(unplaced)
                : tally.DownNode.Length > 0 ? IsDown(tally.DownNode)
                : Delay(tally.FirstProblem);
            return $"{service.UpdateStatus!.Message}: {progress}{(waits is null ? "" : ": " + waits)}";
        }
        if (tally.GivenUp > 0)
        {
            progress += Invariant($", {tally.GivenUp} have ended and are not restarted");
        }
        if (tally.FirstProblem is { } problem)
        {
            var reason =
                problem.Status.Error.Length > 0 ? problem.Status.Error
                : problem.Pending is { } pending ? Reason(pending)
                : Delay(problem) is { } delay ? delay
                : tally.DownNode.Length > 0 ? IsDown(tally.DownNode)
                : "";
            return reason.Length > 0 ? $"{progress}: {reason}" : progress;
        }
        return tally.Stopping > 0 ? Invariant($"{progress}, {tally.Stopping} are stopping") : progress;
    }

    /// <summary>Why a task takes long to start, when its node tells a reason ("starting: …"); else null.</summary>
    private static string? Delay(SwarmTask? task) =>
        task?.Status is { State: TaskState.Starting } status && status.Message.StartsWith("starting: ", StringComparison.Ordinal)
            ? status.Message
            : null;

    private static string IsDown(string node) => $"node {node} is down, and no other node can take its tasks";

    private static string Reason(PendingReasons pending) =>
        "no suitable node (" + string.Join("; ", pending.Reasons.Select(r => Invariant($"{r.Detail} on {r.Nodes} nodes"))) + ")";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Counts
    {
        public ulong Running;
        public ulong Stopping;
        public ulong Surplus;
        public ulong OutOfDate;
        public ulong Completed;
        public ulong GivenUp;
        public SwarmTask? FirstProblem;

        /// <summary>Where the first problem is a task that stays on a node that is down: that node's name.</summary>
        public string DownNode = "";
        public readonly SortedDictionary<TaskState, int> ByState = [];
    }
}
