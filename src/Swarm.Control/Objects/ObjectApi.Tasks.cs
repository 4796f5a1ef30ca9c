using System.Runtime.CompilerServices;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public sealed partial class ObjectApi
{
    public async IAsyncEnumerable<V1.Task> ListTasksAsync(
        V1.ListTasksRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation).ConfigureAwait(false);
        foreach (var task in TaskListing.Read(store, request).InOrder())
        {
            yield return task;
        }
    }

    public async Task<V1.StopTaskResponse> StopTaskAsync(V1.StopTaskRequest request, CancellationToken cancellation)
    {
        loop.RequireStopTask();
        if (request.DryRun)
        {
            var preview = await PreviewAsync(
                    state => ServicePlanner.PreviewStop(state, RequireStoppable(state, request.Selector).Id, Now),
                    cancellation
                )
                .ConfigureAwait(false);
            return new V1.StopTaskResponse { Preview = preview };
        }
        V1.Task? before = null;
        var stopped = await ExecuteAsync(
                request.RequestId,
                state =>
                {
                    var task = RequireStoppable(state, request.Selector);
                    before = WireObjects.Of(task, state);
                    StateChange change =
                        task.Status.State < TaskState.Assigned
                            // No node knows of it: there is nothing to stop.
                            ? new StateChange.TaskRemove(task.Id)
                            : new StateChange.TaskDesire(task.Id, TaskState.Shutdown);
                    return new CommandChanges(task.DesiredState > TaskState.Running ? [] : [change], task.Id);
                },
                // One that no node knew of is gone: it is answered as it was.
                (state, id) => state.FindTask(id) is { } task ? WireObjects.Of(task, state) : before ?? new V1.Task { Id = id },
                cancellation
            )
            .ConfigureAwait(false);
        return new V1.StopTaskResponse { Task = stopped };
    }

    public async IAsyncEnumerable<V1.NodePlacement> TestPlacementAsync(
        V1.TestPlacementRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        ServiceSpec? spec = null;
        if (request.Selector.Length == 0)
        {
            spec = ProtocolMapping.FromWire(request.Spec);
            ServiceSpecValidation.Validate(spec);
        }
        await RequireLeaderAsync(cancellation).ConfigureAwait(false);
        var placements = loop.Ask(
            (control, state) =>
            {
                var service = spec is null ? Selectors.Service(state, request.Selector) : null;
                return control.Scheduler.Explain(spec ?? service!.Spec, service?.Id);
            }
        );
        // As the scheduler would choose; the others by name.
        foreach (
            var placement in placements.OrderBy(p => !p.IsSuitable).ThenBy(p => p.Rank).ThenBy(p => p.Node.Name, StringComparer.Ordinal)
        )
        {
            yield return new V1.NodePlacement
            {
                NodeId = placement.Node.Id,
                NodeName = placement.Node.Name,
                Suitable = placement.IsSuitable,
                Rank = (uint)placement.Rank,
                Filter = placement.Refusal?.Filter ?? "",
                Detail = placement.Refusal?.Detail ?? "",
                ServiceTasks = (uint)placement.ServiceTasks,
                TotalTasks = (uint)placement.LiveTasks,
            };
        }
    }

    private static SwarmTask RequireStoppable(ClusterState state, string selector)
    {
        var task = Selectors.Task(state, selector);
        if (SwarmTask.IsTerminal(task.Status.State))
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "TaskHasEnded",
                $"task {selector} has ended already ({task.Status.State})",
                selector,
                "Get-SwarmTask shows the tasks that run."
            );
        }
        return task;
    }
}
