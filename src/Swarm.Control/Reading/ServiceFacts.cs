using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Control.Reading;

/// <summary>The part of a service's message that its own record does not hold.</summary>
/// <param name="Running">Tasks that should run, and do so on nodes that are not down.</param>
/// <param name="Desired">Tasks that should run.</param>
/// <param name="Previous">The revision that an undo returns to.</param>
internal readonly record struct ServiceFacts(ulong Running, ulong Desired, ServiceRevision? Previous)
{
    /// <summary>Called under the state's lock.</summary>
    public static ServiceFacts Of(Service service, ClusterState state)
    {
        var running = 0UL;
        var wanted = 0UL;
        foreach (var task in state.TasksOfService(service.Id))
        {
            if (task.DesiredState > TaskState.Running)
            {
                continue;
            }
            wanted++;
            // Tasks on nodes that are down do not run as far as anybody knows: docker service ls leaves them out too. It goes on
            // counting tasks that are to stop (50/5 on the way down). A script that waits for the wanted number has no use for that.
            if (
                task.Status.State == TaskState.Running
                && task.NodeId is { } id
                && state.FindNode(id) is { Status.State: not NodeState.Down }
            )
            {
                running++;
            }
        }
        var previous = ServiceChanges.PreviousRevision(state, service);
        return new ServiceFacts(
            running,
            service.Spec.Mode is ServiceMode.Replicated replicated ? replicated.Replicas : wanted,
            previous > 0 ? state.FindRevision(service.Id, previous) : null
        );
    }
}
