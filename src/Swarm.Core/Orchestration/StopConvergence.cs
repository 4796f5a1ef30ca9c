using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>A task that a user stopped, and its slot. The task itself may be deleted while the caller waits for its replacement.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="ServiceId">Its service.</param>
/// <param name="Slot">Its slot; 0 for a global service.</param>
/// <param name="NodeId">The node of a global service's task; otherwise without meaning.</param>
public sealed record StoppedTask(string TaskId, string ServiceId, uint Slot, string NodeId)
{
    /// <summary>Call it while the state still holds the task.</summary>
    public static StoppedTask Of(SwarmTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return new(task.Id, task.ServiceId, task.Slot, task.NodeId ?? "");
    }
}

/// <summary>The progress of stopping a task: the task has to end, and the slot's next task, if there is one, has to run.</summary>
/// <param name="Ended">The task has ended, or its node is lost so that its state is unknown.</param>
/// <param name="Replacement">The newest other task of the slot; null: there is none.</param>
/// <param name="Done">Nothing is left to wait for.</param>
/// <param name="Stuck">The replacement has ended as well, and the restart policy allows no other.</param>
/// <param name="Message">A line of text for a person.</param>
public sealed record StopConvergence(bool Ended, SwarmTask? Replacement, bool Done, bool Stuck, string Message)
{
    /// <summary>Why the replacement does not run. Empty: nothing is known to be wrong.</summary>
    public string Reason { get; init; } = "";

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
            var reason = ended && !runs ? WaitReason.Of(plan, view, slot, active) : "";
            return new(
                ended,
                active,
                ended && runs,
                false,
                !ended ? "the task is stopping"
                    : runs ? "its replacement runs"
                    : $"its replacement is {active.Status.State}{(reason.Length > 0 ? ": " + reason : "")}"
            )
            {
                Reason = reason,
            };
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
                $"its replacement has ended ({last.Status.State}{(last.Status.Error.Length > 0 ? ": " + last.Status.Error : "")}) and is not restarted"
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

    // A deleted task is older than every task that the slot still has.
    private static bool IsAfter(SwarmTask task, ClusterState state, StoppedTask stopped) =>
        state.FindTask(stopped.TaskId) is not { } before || Slot.InOrder(before, task) < 0;
}
