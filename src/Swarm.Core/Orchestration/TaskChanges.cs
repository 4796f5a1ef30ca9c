using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration;

/// <summary>Tells the few changes of a task that its service must be looked at for from the many (assigned, preparing, ready, …) that it need not be:
/// looking at a service costs time in proportion to its tasks.</summary>
internal static class TaskChanges
{
    public static bool Matters(ClusterState state, SwarmTask? before, SwarmTask? after)
    {
        if (after is null)
        {
            // Deleted by the reaper, unless it was still wanted.
            return before!.DesiredState <= TaskState.Running;
        }
        if (before is null)
        {
            // It waits for a delay or for its predecessor.
            return after.DesiredState < TaskState.Running;
        }
        if (before.DesiredState != after.DesiredState && after.DesiredState > TaskState.Running)
        {
            return true;
        }
        if (before.Status.State == after.Status.State)
        {
            return false;
        }
        return after.Status.State switch
        {
            > TaskState.Running => true,
            TaskState.Running => MayHaveSuccessors(state.FindService(after.ServiceId)),
            // Its node may have been lost between the plan and this.
            TaskState.Assigned => NodeHealth.IsInvalid(state.FindNode(after.NodeId!)),
            _ => false,
        };
    }

    /// <summary>A task that runs now may let an update go on, or end the old task of a start-first update (which on a paused node of a global service may
    /// outlast the update).</summary>
    private static bool MayHaveSuccessors(Service? service) =>
        service?.UpdateStatus is { } status
        && (service.Spec.Mode is ServiceMode.Global || status.State is not (UpdateState.Completed or UpdateState.RollbackCompleted));
}
