using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Reading;

/// <summary>The references that a list of tasks takes under the state's lock, and the conditions that are checked outside.</summary>
internal sealed class TaskSelection
{
    private readonly HashSet<string> _services;
    private readonly HashSet<string> _nodes;
    private readonly HashSet<TaskState> _states;
    private readonly bool _running;

    private TaskSelection(HashSet<string> services, HashSet<string> nodes, V1.ListTasksRequest request)
    {
        _services = services;
        _nodes = nodes;
        _states = [.. request.States.Select(ProtocolMapping.FromWire)];
        _running = request.DesiredRunning;
    }

    /// <summary>In the state's order, before <see cref="Includes"/>.</summary>
    public SwarmTask[] Tasks { get; private init; } = [];

    /// <summary>Called under the state's lock.</summary>
    /// <exception cref="Core.Errors.SwarmException">ServiceNotFound, NodeNotFound, TaskNotFound, AmbiguousSelector.</exception>
    public static TaskSelection Of(ClusterState state, V1.ListTasksRequest request)
    {
        var services = request.Services.Select(s => Selectors.Service(state, s).Id).ToHashSet(StringComparer.Ordinal);
        var nodes = request.Nodes.Select(n => Selectors.Node(state, n).Id).ToHashSet(StringComparer.Ordinal);
        if (request.HasTaskOrService)
        {
            // States say which of the tasks are shown, and not which task a name means.
            var asked = new TaskSelection(services, nodes, request);
            return new TaskSelection([], nodes, request)
            {
                Tasks = [.. Selectors.TasksOrServices(state, request.TaskOrService, asked.IsAmong)],
            };
        }
        return new TaskSelection(services, nodes, request)
        {
            Tasks =
                request.Selectors.Count > 0 ? [.. request.Selectors.SelectMany(s => Selectors.Tasks(state, s)).DistinctBy(t => t.Id)]
                : services.Count > 0 ? [.. services.SelectMany(state.TasksOfService)]
                : nodes.Count > 0 ? [.. nodes.SelectMany(state.TasksOfNode)]
                : [.. state.Tasks],
        };
    }

    public bool Includes(SwarmTask task) =>
        IsAmong(task)
        && (!_running || task.DesiredState <= TaskState.Running)
        && (_states.Count == 0 || _states.Contains(task.Status.State));

    /// <summary>Of the asked services, on the asked nodes.</summary>
    private bool IsAmong(SwarmTask task) =>
        (_services.Count == 0 || _services.Contains(task.ServiceId))
        && (_nodes.Count == 0 || (task.NodeId is not null && _nodes.Contains(task.NodeId)));
}
