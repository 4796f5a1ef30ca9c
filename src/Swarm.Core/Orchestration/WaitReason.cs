using System.Globalization;
using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.Scheduling;

namespace Swarm.Core.Orchestration;

/// <summary>Why a task that should run does not: the answer to everybody who waits for it.</summary>
internal static class WaitReason
{
    /// <summary>Empty: the task is on its way, as far as is known.</summary>
    /// <param name="plan">Applied state.</param>
    /// <param name="view">The task's service.</param>
    /// <param name="slot">The task's slot.</param>
    /// <param name="task">An active task that does not run.</param>
    public static string Of(PlanContext plan, ServiceView view, Slot slot, SwarmTask task)
    {
        // Docker puts the reasons of a pending task into its error as well, and says less there.
        if (task is { Pending: { } pending, Status.State: < TaskState.Assigned })
        {
            return Of(pending);
        }
        if (task.Status.Error.Length > 0)
        {
            return task.Status.Error;
        }
        if (task.Status.State == TaskState.Starting && task.Status.Message.StartsWith("starting: ", StringComparison.Ordinal))
        {
            // The node says why it takes long.
            return task.Status.Message;
        }
        // Where a node may have room, the control loop has just moved it, or leaves it there because none has.
        if (plan.IsAway(task) && (Scheduler.IsLimited(view.Service.Spec) || !Scheduler.IsTakenSomewhere(plan.State, view.Service.Spec)))
        {
            return $"node {plan.NodeOf(task)!.Name} is down, and no other node can take its tasks";
        }
        // While the next attempt is delayed or begins, the end of the last one is the reason.
        var before = task is { RestartCount: > 0, Status.State: < TaskState.Running }
            ? slot.Tasks.FindLast(t => t.DesiredState > TaskState.Running)
            : null;
        return before is not null && RestartRules.EndedByItself(before) ? SwarmTask.ReasonOfEnd(before.Status) : "";
    }

    private static string Of(PendingReasons pending) =>
        "no suitable node ("
        + string.Join("; ", pending.Reasons.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Detail} on {Nodes(r.Nodes)}")))
        + ")";

    private static string Nodes(int count) => count == 1 ? "1 node" : string.Create(CultureInfo.InvariantCulture, $"{count} nodes");
}
