using Grpc.Core;
using Swarm.Consensus;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Manager.Leader;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>Holds every agent's session with this manager, and derives the nodes' states: Ready, Disconnected, Down.</summary>
/// <remarks>Its lock is taken while the state is being changed, so code under the lock must not read the state.</remarks>
public sealed partial class AgentSessions : IStateObserver, IAsyncDisposable
{
    /// <summary>A session is opened by then, though the registration is not committed yet: the agent waits 5 s for an answer.</summary>
    private static readonly TimeSpan OpensWithin = TimeSpan.FromSeconds(1);

    private readonly StateStore _store;
    private readonly LeaderLoop _loop;
    private readonly IReplicatedLog _log;
    private readonly DispatcherOptions _options;
    private readonly ILogger<AgentSessions> _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedNode> _nodes = new(StringComparer.Ordinal);
    private bool _leading;
    private bool _stopping;

    internal AgentSessions(StateStore store, LeaderLoop loop, IReplicatedLog log, DispatcherOptions options)
    {
        _store = store;
        _loop = loop;
        _log = log;
        _options = options;
        _logger = options.LoggerFactory.CreateLogger<AgentSessions>();
        store.Add(this);
        loop.LeadershipGained += OnLeadershipGained;
        loop.LeadershipLost += OnLeadershipLost;
    }

    private DateTimeOffset Now => _options.Time.GetUtcNow();

    /// <summary>Serves one agent's stream to its end.</summary>
    /// <exception cref="SwarmException">The agent broke the rules of a session; the stream ends with that status.</exception>
    public async Task RunAsync(
        string nodeId,
        IAsyncStreamReader<V1.AgentMessage> requests,
        IServerStreamWriter<V1.ManagerMessage> responses,
        CancellationToken cancellation
    )
    {
        if (!_log.IsLeader)
        {
            await responses.WriteAsync(new V1.ManagerMessage { Redirect = Redirect() }, cancellation);
            return;
        }
        var registration = await AgentRegistration.ReadAsync(nodeId, requests, _options.Time, cancellation);
        var known = _store.Read(state => state.FindNode(nodeId));
        if (known is null)
        {
            await responses.WriteAsync(new V1.ManagerMessage { Removed = new V1.Removed() }, cancellation);
            return;
        }
        using var session = new AgentSession(nodeId, this, _store, _loop, _options, registration, requests, responses);
        var period = Attach(nodeId, session);
        var end = SessionEnd.Broken;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var noRoom = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var registering = RegisterAsync(nodeId, session, registration, noRoom, ending.Token);
        try
        {
            // A log that is slow, or without room, must not look like a manager that is gone.
            await CompletesWithinAsync(Task.WhenAny(registering, noRoom.Task), OpensWithin, ending.Token);
            var node = registering.IsCompleted ? await registering : known;
            var info = SessionInfo(session, node, period);
            LogRegistered(node.Name, nodeId);
            if (NodeNames.Notice(node) is { } notice)
            {
                LogOtherName(node.Name, nodeId, notice);
            }
            end = await session.RunAsync(info, registering, cancellation);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The agent is gone.
        }
        finally
        {
            await ending.CancelAsync();
            await ((Task)registering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DetachAsync(nodeId, session, end);
        }
    }

    void IStateObserver.OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        lock (_gate)
        {
            MarkForwarding(changes);
            foreach (var change in changes)
            {
                switch (change)
                {
                    case ChangedObject.OfTask c:
                        Mark(c.After?.NodeId, c.After?.Id);
                        if (c.Before?.NodeId != c.After?.NodeId)
                        {
                            Mark(c.Before?.NodeId, c.Before?.Id);
                        }
                        break;
                    case ChangedObject.OfNode { Before: null, After: { } after } when _leading:
                        // The node has joined; its agent connects in a moment, or it never will.
                        var created = Watch(after.Id);
                        created.DownMessage = "no session since it joined";
                        created.Arm(HeartbeatRules.DefaultRestartGrace);
                        break;
                    case ChangedObject.OfNode { After: null, Before: { } before } when _nodes.Remove(before.Id, out var removed):
                        removed.Session?.End(null, new V1.ManagerMessage { Removed = new V1.Removed() });
                        removed.Dispose();
                        break;
                    default:
                        break;
                }
            }
        }
    }

    void IStateObserver.OnRestored()
    {
        lock (_gate)
        {
            foreach (var node in _nodes.Values)
            {
                node.Session?.Assignments.MarkAll();
                node.Session?.Forwarding?.MarkAll();
                node.Session?.Wake();
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _store.Remove(this);
        _loop.LeadershipGained -= OnLeadershipGained;
        _loop.LeadershipLost -= OnLeadershipLost;
        lock (_gate)
        {
            _stopping = true;
        }
        EndAll(null);
        return ValueTask.CompletedTask;
    }

    /// <summary>Commits that the node is back. With a full disk the session opens all the same, and commits that when there is room. A node that is
    /// turned away would become Down.</summary>
    private async Task<Node> RegisterAsync(
        string nodeId,
        AgentSession session,
        AgentRegistration registration,
        TaskCompletionSource noRoom,
        CancellationToken cancellation
    )
    {
        Node? node = null;
        await session.CommitWhenThereIsRoomAsync(
            async token => node = await CommitRegistrationAsync(nodeId, session, registration, token),
            () => noRoom.TrySetResult(),
            cancellation
        );
        return node!;
    }

    /// <summary>Commits that the node is back, with the tasks that it found again.</summary>
    private async Task<Node> CommitRegistrationAsync(
        string nodeId,
        AgentSession session,
        AgentRegistration registration,
        CancellationToken cancellation
    )
    {
        foreach (var statuses in registration.Earlier)
        {
            await _loop.ReportAsync(nodeId, statuses, cancellation);
        }
        return await _loop.ExecuteAsync(
            "",
            state =>
                state.FindNode(nodeId) is { } node && IsCurrent(nodeId, session)
                    ? new CommandChanges(registration.Changes(state, node, Now), nodeId)
                    : CommandChanges.None(nodeId),
            (state, id) => state.FindNode(id) ?? throw new OperationCanceledException("The node was removed."),
            cancellation
        );
    }

    private async Task CompletesWithinAsync(Task task, TimeSpan time, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(task, Task.Delay(time, _options.Time, limit.Token));
        await limit.CancelAsync();
    }

    private V1.SessionInfo SessionInfo(AgentSession session, Node node, TimeSpan period)
    {
        var info = new V1.SessionInfo
        {
            SessionId = session.SessionId,
            NodeId = node.Id,
            ClusterId = _store.Read(state => state.Cluster?.Id ?? ""),
            HeartbeatPeriod = ProtocolMapping.ToWire(period),
            Role = ProtocolMapping.ToWire(node.Role),
        };
        info.ManagerAddresses.AddRange(ManagerAddresses());
        info.NodeLabels.Add(ProtocolMapping.ToDictionary(node.Spec.Labels));
        return info;
    }

    private void Mark(string? nodeId, string? taskId)
    {
        if (nodeId is not null && taskId is not null && _nodes.TryGetValue(nodeId, out var node) && node.Session is { } session)
        {
            session.Assignments.Mark(taskId);
            session.Wake();
        }
    }

    private IReadOnlyCollection<string> ManagerAddresses() => _log.Members.Count > 0 ? _log.Members : [_options.ClusterAddress];

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Name} ({NodeId}) has a session.")]
    private partial void LogRegistered(string name, string nodeId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Name} ({NodeId}): {Notice}.")]
    private partial void LogOtherName(string name, string nodeId, string notice);
}
