using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Finds the tasks that a changed node no longer suits: labels of their constraints are gone, or the node has fewer resources than
/// they reserve.</summary>
/// <remarks><para>Source: moby/swarmkit manager/orchestrator/constraintenforcer. SwarmKit marks the task Rejected, so its replacement may start
/// while the task still runs. Here the task is asked to shut down, and its replacement waits for that.</para>
/// <para>As in SwarmKit, the service's present constraints decide, and not those of the task's revision. There is one difference: a task that an
/// update has yet to replace goes only if its node meets neither. The update deals with it, within its parallelism.</para></remarks>
internal static class ConstraintEnforcer
{
    /// <summary>True when the task has to leave its node because of the node's labels.</summary>
    public static bool IsForbidden(PlanContext plan, ServiceView view, SwarmTask task) =>
        plan.NodeOf(task) is { } node
        && Applies(node, task)
        && MayForbid(plan, view.Service, node)
        && IsForbidden(plan, view.Service, node, task, view.SpecOf(task), view.DifferenceOf(task));

    /// <summary>Ids of the tasks that reserve more than the node has, in the order of their creation.</summary>
    public static List<string> FindWithoutRoom(PlanContext plan, string nodeId)
    {
        var found = new List<string>();
        // The resources of a node are unknown until its agent has described it.
        if (plan.State.FindNode(nodeId) is not { } node || node.Description.Resources == ResourceAmount.Zero)
        {
            return found;
        }
        var tasks = new List<SwarmTask>();
        foreach (var task in plan.State.TasksOfNode(nodeId))
        {
            if (Applies(node, task))
            {
                tasks.Add(task);
            }
        }
        tasks.Sort(Slot.OldestFirst);
        var (cpus, memory) = (node.Description.Resources.NanoCpus, node.Description.Resources.MemoryBytes);
        foreach (var task in tasks)
        {
            var service = plan.State.FindService(task.ServiceId);
            var spec = plan.State.FindRevision(task.ServiceId, task.Revision)?.Spec ?? service?.Spec;
            if (
                spec is null
                || (
                    service is not null
                    && MayForbid(plan, service, node)
                    && IsForbidden(plan, service, node, task, spec, TaskTemplates.Compare(spec, service.Spec))
                )
            )
            {
                // A task that leaves takes no room.
                continue;
            }
            var reserved = spec.Resources.Reservations;
            if (reserved.NanoCpus > cpus || reserved.MemoryBytes > memory)
            {
                found.Add(task.Id);
                continue;
            }
            cpus -= reserved.NanoCpus;
            memory -= reserved.MemoryBytes;
        }
        return found;
    }

    // A drained node's tasks move anyway, and a lost node's are replaced; the administrator wants a paused node's tasks to stay.
    private static bool Applies(Node node, SwarmTask task) =>
        node.Spec.Availability == NodeAvailability.Active
        && !NodeHealth.IsLost(node)
        && task.IsLive
        && task.Status.State >= TaskState.Assigned;

    private static bool MayForbid(PlanContext plan, Service service, Node node) =>
        plan.Options.Fault switch
        {
            InjectedFault.IgnoreConstraints => false,
            InjectedFault.EvictByOwnConstraints => true,
            _ => !plan.MeetsConstraints(node, service.Id, service.Revision, service.Spec),
        };

    /// <summary>Of a node that does not meet the service's present constraints.</summary>
    private static bool IsForbidden(
        PlanContext plan,
        Service service,
        Node node,
        SwarmTask task,
        ServiceSpec? own,
        TemplateDifference difference
    )
    {
        var ownForbids = own is null || !plan.MeetsConstraints(node, service.Id, task.Revision, own);
        if (plan.Options.Fault == InjectedFault.EvictByOwnConstraints)
        {
            return ownForbids;
        }
        var isLeftToUpdate =
            difference == TemplateDifference.Full
            || (difference == TemplateDifference.PlacementOnly && Updater.IsUnfinished(service.UpdateStatus));
        return !isLeftToUpdate || ownForbids;
    }
}
