using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>A task that a user stopped, and the slot that it had: the task itself may be forgotten while its replacement is waited for.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="ServiceId">Its service.</param>
/// <param name="Slot">Its slot; 0 for a global service.</param>
/// <param name="NodeId">The node of a global service's task; else it does not matter.</param>
public sealed record StoppedTask(string TaskId, string ServiceId, uint Slot, string NodeId)
{
    /// <summary>As long as the task is known.</summary>
    public static StoppedTask Of(SwarmTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return new(task.Id, task.ServiceId, task.Slot, task.NodeId ?? "");
    }
}

/// <summary>How far the stop of one task is: the task has to end, and its slot to run the next one, where one comes.</summary>
/// <param name="Ended">The task has ended, or nobody can say because its node is lost.</param>
/// <param name="Replacement">The newest task of the slot besides it; null: there is none.</param>
/// <param name="Done">Nothing is left to wait for.</param>
/// <param name="Stuck">What came in its place has ended as well, and the restart policy wants no other.</param>
/// <param name="Message">One line for a person.</param>
public sealed record StopConvergence(bool Ended, SwarmTask? Replacement, bool Done, bool Stuck, string Message)
{
    /// <summary>Reads applied state only.</summary>
    public static StopConvergence Of(ClusterState state, StoppedTask stopped)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(stopped);
        var plan = new PlanContext(state, DateTimeOffset.MinValue, Convergence.NoIds, ControlLoopOptions.Default, int.MaxValue);
        var ended = state.FindTask(stopped.TaskId) is not { } task || !plan.MayRun(task);
        if (state.FindService(stopped.ServiceId) is not { } service)
        {
            return new(ended, null, ended, false, ended ? "the task has ended, and its service was removed" : "the task is stopping");
        }
        var view = new ServiceView(plan, service);
        var slot = view.Slots.Find(s => view.IsGlobal ? s.NodeId == stopped.NodeId : s.Number == stopped.Slot);
        if (slot?.NewestActive is { } active && active.Id != stopped.TaskId)
        {
            var runs = active.Status.State == TaskState.Running && !NodeHealth.IsInvalid(plan.NodeOf(active));
            return new(
                ended,
                active,
                ended && runs,
                false,
                !ended ? "the task is stopping"
                    : runs ? "its replacement runs"
                    : $"its replacement is {active.Status.State}{Why(active)}"
            );
        }
        if (!ended || NextComes(plan, view, slot, stopped))
        {
            return new(ended, null, false, false, ended ? "its replacement is not there yet" : "the task is stopping");
        }
        return slot?.Newest is { } last && last.Id != stopped.TaskId && IsAfter(last, state, stopped) && RestartRules.EndedByItself(last)
            ? new(
                true,
                last,
                last.Status.State == TaskState.Complete,
                last.Status.State != TaskState.Complete,
                $"its replacement has ended ({last.Status.State}{Why(last)}) and is not restarted"
            )
            : new(true, null, true, false, "the task has ended, and none takes its slot");
    }

    private static bool NextComes(PlanContext plan, ServiceView view, Slot? slot, StoppedTask stopped)
    {
        if (slot is not null && (view.IsFinished(slot) || slot.Newest is { DesiredState: >= TaskState.Remove }))
        {
            return false;
        }
        if (view.Service.Spec.Mode is ServiceMode.Replicated replicated)
        {
            return (ulong)view.Slots.Count(s => s.NewestActive is not null) < replicated.Replicas;
        }
        return plan.State.FindNode(stopped.NodeId) is { Status.State: NodeState.Ready, Spec.Availability: NodeAvailability.Active } node
            && plan.MeetsConstraints(node, view.Service.Id, view.Service.Revision, view.Service.Spec);
    }

    // A forgotten task is older than anything that the slot still has.
    private static bool IsAfter(SwarmTask task, ClusterState state, StoppedTask stopped) =>
        state.FindTask(stopped.TaskId) is not { } before || task.CreatedAt > before.CreatedAt;

    private static string Why(SwarmTask task) =>
        task.Status.Error.Length > 0 ? $": {task.Status.Error}"
        : task.Pending is { } pending ? $": no suitable node ({string.Join("; ", pending.Reasons.Select(r => r.Detail).Distinct())})"
        : "";
}
