using System.Runtime.CompilerServices;
using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public sealed partial class ObjectApi
{
    /// <summary>The shortest interval of progress messages, which are for a person.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>The most tasks that one progress message lists.</summary>
    private const int TasksShown = 200;

    public async IAsyncEnumerable<V1.ServiceProgress> WaitServicesAsync(
        V1.WaitServicesRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        var waited = store.Read(state => request.Selectors.Select(s => Select(state, s, request.Removed)).DistinctBy(s => s.Id).ToList());
        var ids = waited.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        using var signal = store.Watch(change =>
            change switch
            {
                ChangedObject.OfTask c => ids.Contains((c.After ?? c.Before)!.ServiceId),
                ChangedObject.OfService c => ids.Contains((c.After ?? c.Before)!.Id),
                ChangedObject.OfNode => true,
                _ => false,
            }
        );
        var last = new Dictionary<string, V1.ServiceProgress>(StringComparer.Ordinal);
        while (true)
        {
            if (!log.IsLeader)
            {
                // This manager would learn nothing more; the caller asks the next leader.
                throw LeaderErrors.NotLeading(log);
            }
            var now = store.Read(state => waited.ConvertAll(s => Progress(state, s, request.Removed)));
            foreach (var progress in now)
            {
                if (!last.TryGetValue(progress.ServiceId, out var before) || !progress.Equals(before))
                {
                    last[progress.ServiceId] = progress;
                    yield return progress;
                }
            }
            if (now.TrueForAll(p => p.Converged || p.Stuck))
            {
                yield break;
            }
            await signal.WaitAsync(cancellation);
            await Task.Delay(ProgressInterval, cancellation);
        }
    }

    public async IAsyncEnumerable<V1.NodeProgress> WaitNodeAsync(
        V1.WaitNodeRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        var (id, name) = store.Read(state =>
        {
            try
            {
                var node = Selectors.Node(state, request.Selector);
                return (node.Id, node.Name);
            }
            catch (SwarmException e) when (request.UntilRemoved && e.Kind == SwarmErrorKind.NotFound)
            {
                return (request.Selector, request.Selector);
            }
        });
        using var signal = store.Watch(change => change is ChangedObject.OfTask or ChangedObject.OfNode);
        var moved = new HashSet<(string ServiceId, uint Slot)>();
        V1.NodeProgress? last = null;
        while (true)
        {
            if (!log.IsLeader)
            {
                throw LeaderErrors.NotLeading(log);
            }
            var now = store.Read(state => NodeProgress(state, id, name, request, moved));
            if (!now.Equals(last))
            {
                yield return last = now;
            }
            if (now.Done)
            {
                yield break;
            }
            await signal.WaitAsync(cancellation);
            await Task.Delay(ProgressInterval, cancellation);
        }
    }

    public async IAsyncEnumerable<V1.StopProgress> WaitTaskAsync(
        V1.WaitTaskRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        var stopped = store.Read(state =>
            request.ServiceId.Length > 0
                ? new StoppedTask(request.TaskId, request.ServiceId, (uint)request.Slot, request.NodeId)
                : StoppedTask.Of(Selectors.Task(state, request.TaskId))
        );
        using var signal = store.Watch(change =>
            change switch
            {
                ChangedObject.OfTask c => (c.After ?? c.Before)!.ServiceId == stopped.ServiceId,
                ChangedObject.OfService c => (c.After ?? c.Before)!.Id == stopped.ServiceId,
                ChangedObject.OfNode => true,
                _ => false,
            }
        );
        V1.StopProgress? last = null;
        while (true)
        {
            if (!log.IsLeader)
            {
                throw LeaderErrors.NotLeading(log);
            }
            var now = store.Read(state => StopProgress(StopConvergence.Of(state, stopped)));
            if (!now.Equals(last))
            {
                yield return last = now;
            }
            if (now.Done || now.Stuck)
            {
                yield break;
            }
            await signal.WaitAsync(cancellation);
            await Task.Delay(ProgressInterval, cancellation);
        }
    }

    private static V1.StopProgress StopProgress(StopConvergence convergence) =>
        new()
        {
            Ended = convergence.Ended,
            ReplacementId = convergence.Replacement?.Id ?? "",
            ReplacementState = ProtocolMapping.ToWire(convergence.Replacement?.Status.State ?? TaskState.New),
            Done = convergence.Done,
            Stuck = convergence.Stuck,
            Message = convergence.Message,
        };

    private static V1.NodeProgress NodeProgress(
        ClusterState state,
        string id,
        string name,
        V1.WaitNodeRequest request,
        HashSet<(string ServiceId, uint Slot)> moved
    )
    {
        var node = state.FindNode(id);
        var progress = new V1.NodeProgress { NodeId = id, NodeName = name };
        if (request.UntilDrained || request.UntilRemoved)
        {
            var convergence = Convergence.OfNode(state, id, moved);
            progress.TasksLeft = (uint)convergence.TasksLeft;
            progress.ReplacementsPending = (uint)convergence.ReplacementsPending;
            progress.Done = convergence.Done && (node is null || !request.UntilRemoved);
            progress.Message = progress.Done
                ? request.UntilRemoved
                    ? "removed"
                    : "drained"
                : convergence.Done
                    ? "still a member"
                    : convergence.TasksLeft > 0
                        ? $"{convergence.TasksLeft} tasks are left"
                        : $"{convergence.ReplacementsPending} replacements do not run yet";
            return progress;
        }
        if (node is null)
        {
            throw Vanished("node", "NodeNotFound", id);
        }
        progress.TasksLeft = (uint)state.TasksOfNode(id).Count(t => t.IsLive);
        progress.Done = node.Status.State == NodeState.Ready;
        progress.Message = node.Status.Message.Length > 0 ? node.Status.Message : node.Status.State.ToString();
        return progress;
    }

    /// <summary>Selects a service to wait for. A service that is being removed is still known by its tasks; the wait for a removed one is
    /// over.</summary>
    private static Waited Select(ClusterState state, string selector, bool removed)
    {
        try
        {
            var service = Selectors.Service(state, selector);
            return new(service.Id, service.Spec.Name, false);
        }
        catch (SwarmException e) when (removed && e.Kind == SwarmErrorKind.NotFound)
        {
            var task = state.Tasks.FirstOrDefault(t =>
                state.FindService(t.ServiceId) is null && (t.ServiceId == selector || Selectors.ServiceNameOf(state, t) == selector)
            );
            return task is null ? new(selector, selector, Absent: true) : new(task.ServiceId, Selectors.ServiceNameOf(state, task), false);
        }
    }

    private readonly record struct Waited(string Id, string Name, bool Absent);

    private static V1.ServiceProgress Progress(ClusterState state, Waited waited, bool removed)
    {
        var (id, name, absent) = waited;
        var service = state.FindService(id);
        if (service is null && !removed)
        {
            throw new SwarmException(
                SwarmErrorKind.NotFound,
                "ServiceNotFound",
                $"service {name} not found: it was removed",
                name,
                "There is nothing left to wait for."
            );
        }
        var convergence = Convergence.OfService(state, id);
        var progress = new V1.ServiceProgress
        {
            ServiceId = id,
            ServiceName = name,
            Desired = convergence.Desired,
            Running = convergence.Running,
            UpdateStatus = ProtocolMapping.ToWire(service?.UpdateStatus),
            Converged = removed ? service is null && convergence.Converged : convergence.Converged,
            Stuck = !removed && convergence.Stuck,
            Message = convergence.Message,
            Absent = absent,
        };
        foreach (var (taskState, count) in convergence.ByState)
        {
            progress.States[taskState.ToString()] = (uint)count;
        }
        var tasks = state
            .TasksOfService(id)
            .Where(t => t.DesiredState <= TaskState.Running || (removed && !SwarmTask.IsTerminal(t.Status.State)))
            .OrderBy(t => t.Slot)
            .ThenBy(t => t.NodeId, StringComparer.Ordinal)
            .ThenBy(t => t.CreatedAt)
            .Take(TasksShown);
        foreach (var task in tasks)
        {
            progress.Tasks.Add(
                new V1.TaskProgress
                {
                    Name = TaskNames.NameOf(task, name),
                    State = ProtocolMapping.ToWire(task.Status.State),
                    NodeName = WireObjects.NodeName(state, task.NodeId),
                    Message = task.Status.Error.Length > 0 ? task.Status.Error : task.Status.Message,
                }
            );
        }
        return progress;
    }
}
