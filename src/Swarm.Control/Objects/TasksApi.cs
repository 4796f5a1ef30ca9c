using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>The API's area of tasks, answered by the leading manager from applied state.</summary>
public partial class TasksApi(SwarmObjects objects) : V1.Tasks.TasksBase
{
    public override async Task ListTasks(
        V1.ListTasksRequest request,
        IServerStreamWriter<V1.Task> responseStream,
        ServerCallContext context
    )
    {
        await objects.RequireLeaderAsync(context.CancellationToken);
        foreach (var task in TaskListing.Read(objects.Store, request).InOrder())
        {
            await responseStream.SendAsync(task, context);
        }
    }

    public override async Task<V1.StopTaskResponse> StopTask(V1.StopTaskRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        objects.Orchestrator.RequireStopTask();
        if (request.DryRun)
        {
            var preview = await objects.PreviewAsync(
                state => ServicePlanner.PreviewStop(state, RequireStoppable(state, request.Selector).Id, objects.Now),
                cancellation
            );
            return new V1.StopTaskResponse { Preview = preview };
        }
        V1.Task? before = null;
        var stopped = await objects.ExecuteAsync(
            request.RequestId,
            state =>
            {
                var task = RequireStoppable(state, request.Selector);
                before = WireObjects.Of(task, state);
                StateChange change =
                    task.Status.State < TaskState.Assigned
                        // No node knows of the task, so there is nothing to stop.
                        ? new StateChange.TaskRemove(task.Id)
                        : new StateChange.TaskDesire(task.Id, TaskState.Shutdown);
                return new CommandChanges(task.DesiredState > TaskState.Running ? [] : [change], task.Id);
            },
            // A task that no node knew is gone, so the answer is its former state.
            (state, id) => state.FindTask(id) is { } task ? WireObjects.Of(task, state) : before ?? new V1.Task { Id = id },
            cancellation
        );
        return new V1.StopTaskResponse { Task = stopped };
    }

    public override async Task TestPlacement(
        V1.TestPlacementRequest request,
        IServerStreamWriter<V1.NodePlacement> responseStream,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        var isNew = request.Selector.Length == 0;
        var spec = isNew || request.Spec is not null ? ProtocolMapping.FromWire(request.Spec) : null;
        if (isNew)
        {
            ServiceSpecValidation.Validate(spec!);
        }
        await objects.RequireLeaderAsync(cancellation);
        var placements = objects.Orchestrator.Ask(
            (control, state) =>
            {
                var service = isNew ? null : Selectors.Service(state, request.Selector);
                if (service is not null && spec is not null)
                {
                    ServiceSpecValidation.ValidateChange(spec, service.Spec);
                }
                return control.Scheduler.Explain(spec ?? service!.Spec, service?.Id);
            }
        );
        // In the scheduler's order; the others by name.
        foreach (
            var placement in placements.OrderBy(p => !p.IsSuitable).ThenBy(p => p.Rank).ThenBy(p => p.Node.Name, StringComparer.Ordinal)
        )
        {
            await responseStream.SendAsync(
                new V1.NodePlacement
                {
                    NodeId = placement.Node.Id,
                    NodeName = placement.Node.Name,
                    Suitable = placement.IsSuitable,
                    Rank = (uint)placement.Rank,
                    Filter = placement.Refusal?.Filter ?? "",
                    Detail = placement.Refusal?.Detail ?? "",
                    ServiceTasks = (uint)placement.ServiceTasks,
                    TotalTasks = (uint)placement.LiveTasks,
                },
                context
            );
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
