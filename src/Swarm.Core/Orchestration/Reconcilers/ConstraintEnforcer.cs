using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Finds the tasks that a changed node no longer suits: labels of their constraints are gone, or the node has fewer resources than
/// they reserve.</summary>
/// <remarks>Source: moby/swarmkit manager/orchestrator/constraintenforcer, with two differences. SwarmKit marks the task Rejected, so its
/// replacement
/// may start while the task still runs. Here the task is asked to shut down, and its replacement waits for that. Also, a task is held to
/// the
/// constraints of its own revision: the updater deals with the constraints of a newer one.</remarks>
internal static class ConstraintEnforcer
{
    /// <summary>Ids of the tasks to move away, in the order of their creation.</summary>
    public static List<string> FindNoncompliant(PlanContext plan, string nodeId)
    {
        var found = new List<string>();
        // A drained node's tasks move anyway, and a lost node's are replaced; the administrator wants a paused node's tasks to stay.
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
        // The resources of a node are unknown until its agent has described it.
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
