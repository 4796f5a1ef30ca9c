using System.Runtime.InteropServices;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher.Sending;

/// <summary>The assignments that one session has been sent, and the set to send next. Holds one small entry a task, however slow the agent is.</summary>
internal sealed class Assignments(string nodeId)
{
    private readonly Dictionary<string, (TaskState Desired, (string ServiceId, ulong Number) Revision)> _told = new(StringComparer.Ordinal);

    /// <summary>The revisions that the agent has, with the number of its tasks that refer to each, and the spec that was sent last. The agent drops
    /// one that no task refers to.</summary>
    private readonly Dictionary<(string ServiceId, ulong Number), (int References, ServiceSpec Spec)> _revisions = [];
    private readonly Lock _gate = new();
    private HashSet<string> _changed = new(StringComparer.Ordinal);
    private bool _complete = true;
    private ulong _number;

    /// <summary>The tasks of a complete set that its next parts will tell; null: there is none in progress.</summary>
    private Queue<string>? _left;

    /// <summary>Tasks that take connections and are to end. The agent is not told before no node sends them new connections.</summary>
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);
    private readonly HashSet<string> _released = new(StringComparer.Ordinal);
    private List<string> _newlyHeld = [];

    /// <summary>The agent understands a complete set in parts. An earlier agent gets it whole.</summary>
    public bool TakesParts { get; init; }

    /// <summary>Marks a task whose assignment to this node changed.</summary>
    public void Mark(string taskId)
    {
        lock (_gate)
        {
            if (!_complete)
            {
                _changed.Add(taskId);
            }
        }
    }

    /// <summary>The tasks that <see cref="Next"/> has held back since the last call. Each must be released.</summary>
    public IReadOnlyList<string> TakeHeld()
    {
        var held = _newlyHeld;
        _newlyHeld = [];
        return held;
    }

    /// <summary>No node sends new connections to these tasks any more, or the wait for that is over.</summary>
    public void Release(IReadOnlyList<string> taskIds)
    {
        lock (_gate)
        {
            _held.ExceptWith(taskIds);
            _released.UnionWith(taskIds);
        }
        foreach (var taskId in taskIds)
        {
            Mark(taskId);
        }
    }

    /// <summary>The next set is a complete one.</summary>
    public void MarkAll()
    {
        lock (_gate)
        {
            _complete = true;
            _changed.Clear();
        }
    }

    /// <summary>The next set to send; null when there is nothing new. It must have one caller at a time, under the state's shared
    /// lock.</summary>
    /// <param name="more">More is left for another set.</param>
    public V1.AssignmentSet? Next(ClusterState state, out bool more)
    {
        bool complete;
        HashSet<string> changed = [];
        lock (_gate)
        {
            complete = _complete;
            _complete = false;
            if (complete || _left is null)
            {
                changed = _changed;
                _changed = new HashSet<string>(StringComparer.Ordinal);
            }
        }
        var set =
            complete ? Complete(state, out more)
            : _left is not null ? NextPart(state, V1.AssignmentSet.Types.Kind.Incremental, out more)
            : Incremental(state, changed, out more);
        if (set is not null)
        {
            set.AppliesTo = _number;
            set.ResultsIn = ++_number;
        }
        return set;
    }

    private V1.AssignmentSet Complete(ClusterState state, out bool more)
    {
        _told.Clear();
        _revisions.Clear();
        _left = new Queue<string>(state.TasksOfNode(nodeId).Where(IsTold).Select(static t => t.Id).Order(StringComparer.Ordinal));
        return NextPart(state, V1.AssignmentSet.Types.Kind.Complete, out more);
    }

    /// <summary>The next part of the complete set. Changes since its first part come after the last.</summary>
    private V1.AssignmentSet NextPart(ClusterState state, V1.AssignmentSet.Types.Kind kind, out bool more)
    {
        var set = new V1.AssignmentSet { Kind = kind };
        var bytes = 0;
        while ((!TakesParts || bytes <= SessionParts.AssignmentBytes) && _left!.TryDequeue(out var taskId))
        {
            if (state.FindTask(taskId) is { } task && task.NodeId == nodeId && IsTold(task))
            {
                // An end that has to wait is told after this set: the task is in it as it was.
                bytes += Tell(set, task, state, IsHeld(task, TaskState.Running) ? TaskState.Running : task.DesiredState);
            }
        }
        set.More = _left!.Count > 0;
        _left = set.More ? _left : null;
        more = set.More;
        return set;
    }

    private V1.AssignmentSet? Incremental(ClusterState state, HashSet<string> changed, out bool more)
    {
        var set = new V1.AssignmentSet { Kind = V1.AssignmentSet.Types.Kind.Incremental };
        var bytes = 0;
        var left = new List<string>();
        foreach (var taskId in changed.Order(StringComparer.Ordinal))
        {
            if (bytes > SessionParts.AssignmentBytes)
            {
                left.Add(taskId);
                continue;
            }
            var task = state.FindTask(taskId);
            if (task is null || task.NodeId != nodeId || !IsTold(task))
            {
                if (Forget(taskId))
                {
                    set.Remove.Add(taskId);
                    bytes += 32;
                }
            }
            else if ((!_told.TryGetValue(taskId, out var told) || told.Desired != task.DesiredState) && !IsHeld(task, told.Desired))
            {
                bytes += Tell(set, task, state, task.DesiredState);
            }
        }
        more = left.Count > 0;
        left.ForEach(Mark);
        return set.Update.Count + set.Remove.Count > 0 ? set : null;
    }

    /// <summary>A task that other nodes send connections to is told to end only after these nodes were told.</summary>
    private bool IsHeld(SwarmTask task, TaskState told)
    {
        if (
            told > TaskState.Running
            || task.DesiredState <= TaskState.Running
            || task.Status is not { State: TaskState.Running, Endpoint: not null }
        )
        {
            return false;
        }
        lock (_gate)
        {
            if (_released.Remove(task.Id))
            {
                return false;
            }
            if (_held.Add(task.Id))
            {
                _newlyHeld.Add(task.Id);
            }
            return true;
        }
    }

    /// <summary>True when the agent must know the task. Before a node is chosen it need not; a task that is only to be deleted is sent as
    /// removed.</summary>
    private static bool IsTold(SwarmTask task) => task.Status.State >= TaskState.Assigned;

    /// <summary>Only an agent that may still have to pull gets the credential. That includes a task that is Ready: an agent that no longer
    /// has it prepares it again.</summary>
    private bool MayPull(SwarmTask task, ClusterState state) =>
        task is { Status.State: < TaskState.Starting, DesiredState: <= TaskState.Running }
        && state.FindNode(nodeId)?.Description.Executor == ExecutorNames.Docker;

    /// <returns>The bytes that the set has grown by.</returns>
    private int Tell(V1.AssignmentSet set, SwarmTask task, ClusterState state, TaskState desired)
    {
        if (state.FindRevision(task.ServiceId, task.Revision) is not { } revision)
        {
            return 0;
        }
        // Templates expand the labels that the service has now.
        var spec = state.FindTaskSpec(task.ServiceId, task.Revision)!;
        var name = spec.Name;
        var assignment = new V1.TaskAssignment
        {
            TaskId = task.Id,
            ServiceId = task.ServiceId,
            ServiceName = name,
            Slot = task.Slot,
            DesiredState = ProtocolMapping.ToWire(desired),
            Revision = task.Revision,
            RegistryCredential = MayPull(task, state) ? ProtocolMapping.ToWire(revision.RegistryCredential) : null,
            ContainerName = TaskNames.ContainerNameOf(task, name),
            State = ProtocolMapping.ToWire(task.Status.State),
        };
        var key = (task.ServiceId, task.Revision);
        var bytes = assignment.CalculateSize() + Refer(set, key, spec);
        // After the reference to the new one: a task that stays with its revision never lets go of it.
        Forget(task.Id);
        _told[task.Id] = (desired, key);
        set.Update.Add(assignment);
        return bytes;
    }

    /// <summary>Counts a task's reference to a revision. The first one sends it along, and so does one after the service's labels or ports
    /// changed.</summary>
    /// <returns>The bytes that the set has grown by.</returns>
    private int Refer(V1.AssignmentSet set, (string ServiceId, ulong Number) key, ServiceSpec spec)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_revisions, key, out var isKnown);
        var isSame = isKnown && known.Spec.Labels == spec.Labels && known.Spec.Ports == spec.Ports;
        known = (known.References + 1, spec);
        if (isSame)
        {
            return 0;
        }
        var sent = new V1.AssignedRevision
        {
            ServiceId = key.ServiceId,
            Number = key.Number,
            Spec = ProtocolMapping.ToWire(spec),
        };
        set.Revisions.Add(sent);
        return sent.CalculateSize();
    }

    /// <returns>False: the task was not told.</returns>
    private bool Forget(string taskId)
    {
        lock (_gate)
        {
            _released.Remove(taskId);
        }
        if (!_told.Remove(taskId, out var told))
        {
            return false;
        }
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_revisions, told.Revision, out _);
        if (--known.References == 0)
        {
            _revisions.Remove(told.Revision);
        }
        return true;
    }
}
