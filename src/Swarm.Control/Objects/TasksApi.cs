using Grpc.Core;
using Swarm.Control.Calls;
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
    /// <summary>Tasks turned into messages under one lock: small enough that the writer does not wait, large enough for speed.</summary>
    private const int TasksAtOnce = 500;

    public override async Task ListTasks(
        V1.ListTasksRequest request,
        IServerStreamWriter<V1.Task> responseStream,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        await objects.RequireLeaderAsync(cancellation).ConfigureAwait(false);
        var tasks = objects.Store.Read(state => SelectTasks(state, request));
        foreach (var chunk in tasks.Chunk(TasksAtOnce))
        {
            foreach (var wire in objects.Store.Read(state => Array.ConvertAll(chunk, t => WireObjects.Of(state.FindTask(t.Id) ?? t, state))))
            {
                await responseStream.SendAsync(wire, context).ConfigureAwait(false);
            }
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
                )
                .ConfigureAwait(false);
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

    public override async Task TestPlacement(
        V1.TestPlacementRequest request,
        IServerStreamWriter<V1.NodePlacement> responseStream,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        ServiceSpec? spec = null;
        if (request.Selector.Length == 0)
        {
            spec = ProtocolMapping.FromWire(request.Spec);
            ServiceSpecValidation.Validate(spec);
        }
        await objects.RequireLeaderAsync(cancellation).ConfigureAwait(false);
        var placements = objects.Orchestrator.Ask(
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
            await responseStream.SendAsync(new V1.NodePlacement
            {
                NodeId = placement.Node.Id,
                NodeName = placement.Node.Name,
                Suitable = placement.IsSuitable,
                Rank = (uint)placement.Rank,
                Filter = placement.Refusal?.Filter ?? "",
                Detail = placement.Refusal?.Detail ?? "",
                ServiceTasks = (uint)placement.ServiceTasks,
                TotalTasks = (uint)placement.LiveTasks,
            }, context).ConfigureAwait(false);
        }
    }

    private static List<SwarmTask> SelectTasks(ClusterState state, V1.ListTasksRequest request)
    {
        IEnumerable<SwarmTask> tasks = state.Tasks;
        var services = request.Services.Select(s => Selectors.Service(state, s).Id).ToHashSet(StringComparer.Ordinal);
        var nodes = request.Nodes.Select(n => Selectors.Node(state, n).Id).ToHashSet(StringComparer.Ordinal);
        if (request.Selectors.Count > 0)
        {
            tasks = request.Selectors.SelectMany(s => Selectors.Tasks(state, s)).DistinctBy(t => t.Id);
        }
        else if (services.Count > 0)
        {
            tasks = services.SelectMany(id => state.TasksOfService(id));
        }
        else if (nodes.Count > 0)
        {
            tasks = nodes.SelectMany(id => state.TasksOfNode(id));
        }
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        // As docker service ps: by slot, the newest first.
        return
        [
            .. tasks
                .Where(t =>
                    (services.Count == 0 || services.Contains(t.ServiceId))
                    && (nodes.Count == 0 || (t.NodeId is not null && nodes.Contains(t.NodeId)))
                    && (!request.DesiredRunning || t.DesiredState <= TaskState.Running)
                )
                .OrderBy(ServiceName, StringComparer.Ordinal)
                .ThenBy(t => t.Slot)
                .ThenBy(t => t.Slot > 0 ? "" : WireObjects.NodeName(state, t.NodeId), StringComparer.Ordinal)
                .ThenByDescending(t => t.CreatedAt)
                .ThenBy(t => t.Id, StringComparer.Ordinal),
        ];

        string ServiceName(SwarmTask task)
        {
            if (!names.TryGetValue(task.ServiceId, out var name))
            {
                names[task.ServiceId] = name = Selectors.ServiceNameOf(state, task);
            }
            return name;
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
