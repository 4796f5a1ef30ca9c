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
    /// <summary>Tasks that are converted to messages under one lock: few enough that the writer does not wait, enough for speed.</summary>
    private const int TasksAtOnce = 500;

    public async IAsyncEnumerable<V1.Task> ListTasksAsync(
        V1.ListTasksRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        var tasks = store.Read(state => SelectTasks(state, request));
        foreach (var chunk in tasks.Chunk(TasksAtOnce))
        {
            foreach (var wire in store.Read(state => Array.ConvertAll(chunk, t => WireObjects.Of(state.FindTask(t.Id) ?? t, state))))
            {
                yield return wire;
            }
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
                );
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
        await RequireLeaderAsync(cancellation);
        var placements = loop.Ask(
            (control, state) =>
            {
                var service = spec is null ? Selectors.Service(state, request.Selector) : null;
                return control.Scheduler.Explain(spec ?? service!.Spec, service?.Id);
            }
        );
        // In the scheduler's order; the others by name.
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
        // As in docker service ps: by slot, the newest first.
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
