using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.State;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Reading;

/// <summary>A list of tasks. Under the state's lock it takes references only; it filters, sorts and maps outside, so that the writer does not wait.</summary>
/// <remarks>The records are immutable: the list shows the tasks of one moment, however slowly it is read.</remarks>
internal sealed class TaskListing
{
    /// <summary>Tasks whose names are looked up under one lock.</summary>
    private const int TasksAtOnce = 1000;

    private readonly Dictionary<string, string> _serviceNames = new(StringComparer.Ordinal);
    private readonly Dictionary<(string ServiceId, ulong Revision), string> _images = [];
    private readonly Dictionary<string, (string Name, NodeState State)> _nodes = new(StringComparer.Ordinal);
    private readonly SwarmTask[] _tasks;

    private TaskListing(StateStore store, IEnumerable<SwarmTask> tasks)
    {
        _tasks = [.. tasks];
        foreach (var chunk in _tasks.Chunk(TasksAtOnce))
        {
            SwarmTask[] unknown = Array.FindAll(chunk, t => !IsKnown(t));
            if (unknown.Length > 0)
            {
                store.Read(state =>
                {
                    Array.ForEach(unknown, t => Learn(t, state));
                    return true;
                });
            }
        }
    }

    /// <exception cref="Core.Errors.SwarmException">ServiceNotFound, NodeNotFound, TaskNotFound, AmbiguousSelector.</exception>
    public static TaskListing Read(StateStore store, V1.ListTasksRequest request)
    {
        var selection = store.Read(state => TaskSelection.Of(state, request));
        return new TaskListing(store, selection.Tasks.Where(selection.Includes));
    }

    /// <summary>As docker service ps: by slot, the newest first.</summary>
    public IEnumerable<V1.Task> InOrder() =>
        _tasks
            .OrderBy(t => _serviceNames[t.ServiceId], StringComparer.Ordinal)
            .ThenBy(static t => t.Slot)
            .ThenBy(t => t.Slot > 0 ? "" : NodeOf(t).Name, StringComparer.Ordinal)
            .ThenByDescending(static t => t.Ordinal)
            .ThenByDescending(static t => t.CreatedAt)
            .ThenBy(static t => t.Id, StringComparer.Ordinal)
            .Select(t =>
                WireObjects.Of(t, _serviceNames[t.ServiceId], NodeOf(t).Name, NodeOf(t).State, _images[(t.ServiceId, t.Revision)])
            );

    private (string Name, NodeState State) NodeOf(SwarmTask task) => task.NodeId is { } id ? _nodes[id] : ("", NodeState.Unknown);

    private bool IsKnown(SwarmTask task) =>
        _serviceNames.ContainsKey(task.ServiceId)
        && _images.ContainsKey((task.ServiceId, task.Revision))
        && (task.NodeId is null || _nodes.ContainsKey(task.NodeId));

    private void Learn(SwarmTask task, ClusterState state)
    {
        if (IsKnown(task))
        {
            return;
        }
        _serviceNames.TryAdd(task.ServiceId, Selectors.ServiceNameOf(state, task));
        _images.TryAdd((task.ServiceId, task.Revision), WireObjects.ImageOf(task, state));
        if (task.NodeId is { } nodeId)
        {
            _nodes.TryAdd(nodeId, (WireObjects.NodeName(state, nodeId), WireObjects.NodeStateOf(state, nodeId)));
        }
    }
}
