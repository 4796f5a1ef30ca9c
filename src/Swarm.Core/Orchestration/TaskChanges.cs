using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.Orchestration.Reconcilers;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>Selects the few changes of a task after which its service must be checked; most (assigned, preparing, ready, …) need no check.
/// Checking a service costs time in proportion to its tasks.</summary>
internal static class TaskChanges
{
    public static bool Matters(ClusterState state, SwarmTask? before, SwarmTask? after)
    {
        if (after is null)
        {
            // The reaper deleted the task; this matters only if the task was still wanted.
            return before!.DesiredState <= TaskState.Running;
        }
        if (before is null)
        {
            // The task waits for a delay or for its predecessor.
            return after.DesiredState < TaskState.Running;
        }
        if (before.DesiredState != after.DesiredState && after.DesiredState > TaskState.Running)
        {
            return true;
        }
        if (before.Status.State == after.Status.State)
        {
            // An update goes on past a task that no node takes.
            return before.Pending is null
                && after.Pending is not null
                && Updater.IsRolling(state.FindService(after.ServiceId)?.UpdateStatus);
        }
        return after.Status.State switch
        {
            > TaskState.Running => true,
            TaskState.Running => MayHaveSuccessors(state.FindService(after.ServiceId), after),
            // The node may have been lost between the plan and this change.
            TaskState.Assigned => NodeHealth.IsInvalid(state.FindNode(after.NodeId!)),
            _ => false,
        };
    }

    /// <summary>A task that runs may let an update go on, or end the old task of a start-first update. That old task may outlast the update:
    /// the new one waits for a restart delay, or its node is paused. The first task of a slot has no old one beside it.</summary>
    private static bool MayHaveSuccessors(Service? service, SwarmTask task) =>
        service?.UpdateStatus is { } status
        && (
            task.Ordinal != 1
            || service.Spec.Mode is ServiceMode.Global
            || status.State is not (UpdateState.Completed or UpdateState.RollbackCompleted)
        );
}
