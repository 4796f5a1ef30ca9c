using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Finds the tasks that a changed node no longer suits: labels that their constraints ask for are gone, or there are fewer resources than reserved.</summary>
/// <remarks>Source: moby/swarmkit manager/orchestrator/constraintenforcer, with two differences. Theirs marks the task Rejected, which lets its replacement start while it
/// still runs; here it is asked to shut down and its replacement waits for that. And a task is held to the constraints it was made with: those of a newer
/// revision are the updater's business.</remarks>
internal static class ConstraintEnforcer
{
    /// <summary>Ids of the tasks to move away, in the order of their creation.</summary>
    public static List<string> FindNoncompliant(PlanContext plan, string nodeId)
    {
        var found = new List<string>();
        // A drained node's tasks move anyway; those of a paused node stay, by the administrator's will; a lost node's are replaced.
        if (plan.State.FindNode(nodeId) is not { Spec.Availability: NodeAvailability.Active } node || NodeHealth.IsLost(node))
        {
            return found;
        }
        var tasks = new List<SwarmTask>();
        foreach (var task in plan.State.TasksOfNode(nodeId))
        {
            if (task.IsLive && task.Status.State >= TaskState.Assigned)
            {
                tasks.Add(task);
            }
        }
        tasks.Sort(Slot.OldestFirst);
        // Until the agent has described its node nothing is known of its resources.
        var described = node.Description.Resources != ResourceAmount.Zero;
        var (cpus, memory) = (node.Description.Resources.NanoCpus, node.Description.Resources.MemoryBytes);
        foreach (var task in tasks)
        {
            var spec = plan.State.FindRevision(task.ServiceId, task.Revision)?.Spec ?? plan.State.FindService(task.ServiceId)?.Spec;
            if (spec is null)
            {
                continue;
            }
            if (plan.Options.Fault != InjectedFault.IgnoreConstraints && !plan.MeetsConstraints(node, task.ServiceId, task.Revision, spec))
            {
                found.Add(task.Id);
                continue;
            }
            var reserved = spec.Resources.Reservations;
            if (described && (reserved.NanoCpus > cpus || reserved.MemoryBytes > memory))
            {
                found.Add(task.Id);
                continue;
            }
            cpus -= reserved.NanoCpus;
            memory -= reserved.MemoryBytes;
        }
        return found;
    }
}
