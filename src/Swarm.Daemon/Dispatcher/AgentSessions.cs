using Grpc.Core;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Api;
using Swarm.Daemon.Consensus;
using Swarm.Daemon.Hosts;
using Swarm.Daemon.Manager;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Dispatcher;

/// <summary>Every agent's session with this manager, and from them what is observed of the nodes: Ready, Disconnected, Down.</summary>
/// <remarks>Its lock is taken while the state is being changed: under it the state is never read.</remarks>
public sealed partial class AgentSessions : IStateObserver, INodeHosts, IAsyncDisposable
{
    private static readonly TimeSpan RegisterWithin = TimeSpan.FromSeconds(10);

    /// <summary>A firewall's tools are slow on a busy host, not slower than this.</summary>
    private static readonly TimeSpan HostAnswerWithin = TimeSpan.FromMinutes(3);

    private readonly StateStore _store;
    private readonly LeaderLoop _loop;
    private readonly IReplicatedLog _log;
    private readonly ManagerRuntimeOptions _options;
    private readonly ILogger<AgentSessions> _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchedNode> _nodes = new(StringComparer.Ordinal);
    private bool _leading;
    private bool _stopping;

    internal AgentSessions(StateStore store, LeaderLoop loop, IReplicatedLog log, ManagerRuntimeOptions options)
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
    /// <exception cref="SwarmException">The agent did something that a session does not allow; the stream ends with that status.</exception>
    public async Task RunAsync(
        string nodeId,
        IAsyncStreamReader<Wire.AgentMessage> requests,
        IServerStreamWriter<Wire.ManagerMessage> responses,
        CancellationToken cancellation
    )
    {
        if (!_log.IsLeader)
        {
            await responses.WriteAsync(new Wire.ManagerMessage { Redirect = Redirect() }, cancellation).ConfigureAwait(false);
            return;
        }
        var register = await ReadRegisterAsync(nodeId, requests, cancellation).ConfigureAwait(false);
        var known = _store.Read(state => state.FindNode(nodeId));
        if (known is null)
        {
            await responses.WriteAsync(new Wire.ManagerMessage { Removed = new Wire.Removed() }, cancellation).ConfigureAwait(false);
            return;
        }
        using var session = new AgentSession(nodeId, this, _store, _loop, _options, requests, responses);
        var period = Attach(nodeId, session);
        var end = SessionEnd.Broken;
        try
        {
            var registered = await RegisterAsync(nodeId, session, register, cancellation).ConfigureAwait(false);
            var info = SessionInfo(session, registered, period);
            LogRegistered(registered.Name, nodeId);
            end = await session.RunAsync(info, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The agent is gone.
        }
        finally
        {
            await DetachAsync(nodeId, session, end).ConfigureAwait(false);
        }
    }

    /// <summary>The agent has been heard.</summary>
    internal void Touch(string nodeId, AgentSession session)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(nodeId, out var node) && ReferenceEquals(node.Session, session))
            {
                node.Arm(HeartbeatRules.Silence(node.Period));
            }
        }
    }

    internal Task DescribeAsync(string nodeId, NodeDescription description, CancellationToken cancellation) =>
        _loop.ExecuteAsync(
            "",
            state =>
                state.FindNode(nodeId) is { } node && node.Description != description
                    ? new CommandChanges([new StateChange.NodeDescriptionSet(nodeId, description, Now)], nodeId)
                    : CommandChanges.None(nodeId),
            static (_, _) => true,
            cancellation
        );

    internal async Task<SessionEnd> SayGoodbyeAsync(
        string nodeId,
        AgentSession session,
        Wire.Goodbye goodbye,
        CancellationToken cancellation
    )
    {
        if (!goodbye.Restart)
        {
            await SetStatusAsync(nodeId, session, NodeState.Down, "left the swarm", null, cancellation).ConfigureAwait(false);
            return SessionEnd.Left;
        }
        var grace = ProtocolMapping.FromWire(goodbye.Grace, HeartbeatRules.DefaultRestartGrace, "Goodbye.Grace");
        grace = TimeSpan.FromTicks(Math.Clamp(grace.Ticks, 0, HeartbeatRules.LongestRestartGrace.Ticks));
        await SetStatusAsync(nodeId, session, NodeState.Ready, "restarting", Now + grace, cancellation).ConfigureAwait(false);
        lock (_gate)
        {
            if (_nodes.TryGetValue(nodeId, out var node) && ReferenceEquals(node.Session, session))
            {
                node.Arm(grace);
                node.DownMessage = "did not come back from its restart in time";
            }
        }
        return SessionEnd.Restarting;
    }

    /// <inheritdoc/>
    public async Task<Wire.HostAnswer> RunAsync(string nodeId, string nodeName, Wire.HostCommand command, CancellationToken cancellation)
    {
        AgentSession? session;
        lock (_gate)
        {
            session = _nodes.GetValueOrDefault(nodeId)?.Session;
        }
        if (session is null)
        {
            throw HostAnswers.NotConnected(nodeId, nodeName);
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(HostAnswerWithin);
        try
        {
            if (await session.RunHostCommandAsync(command, limit.Token).ConfigureAwait(false) is { } answer)
            {
                return answer;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Told below.
        }
        throw new SwarmException(
            SwarmErrorKind.Unavailable,
            "NodeDoesNotAnswer",
            $"Node {nodeName} was asked, but has not answered: whether it was done there is not known.",
            nodeName,
            $"Look with Get-SwarmFirewallRule {nodeName}, and run it again: what is there already is not added twice."
        );
    }

    void IStateObserver.OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        lock (_gate)
        {
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
                        // It has joined; its agent connects in a moment, or it never will.
                        var created = Watch(after.Id);
                        created.DownMessage = "no session since it joined";
                        created.Arm(HeartbeatRules.DefaultRestartGrace);
                        break;
                    case ChangedObject.OfNode { After: null, Before: { } before } when _nodes.Remove(before.Id, out var removed):
                        removed.Session?.End(null, new Wire.ManagerMessage { Removed = new Wire.Removed() });
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

    private static async Task<Wire.RegisterAgent> ReadRegisterAsync(
        string nodeId,
        IAsyncStreamReader<Wire.AgentMessage> requests,
        CancellationToken cancellation
    )
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(RegisterWithin);
        try
        {
            if (await requests.MoveNext(deadline.Token).ConfigureAwait(false) && requests.Current.Register is { } register)
            {
                return register;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Told below.
        }
        throw new SwarmException(
            SwarmErrorKind.InvalidArgument,
            "RegisterFirst",
            $"Node {nodeId} did not register: the first message of a session is RegisterAgent.",
            nodeId,
            "Send RegisterAgent first."
        );
    }

    private async Task<Node> RegisterAsync(string nodeId, AgentSession session, Wire.RegisterAgent register, CancellationToken cancellation)
    {
        var description = StatusChecks.Read(register.Description);
        var statuses = StatusChecks.Read(register.Tasks, Now);
        var address = StatusChecks.Cut(register.Address, 255);
        // What it found again goes with the word that it is back, so that nothing is planned on one without the other.
        foreach (var chunk in statuses.Skip(StatusChecks.StatusesAtOnce).Chunk(StatusChecks.StatusesAtOnce))
        {
            await _loop.ReportAsync(nodeId, chunk, cancellation).ConfigureAwait(false);
        }
        return await _loop
            .ExecuteAsync(
                "",
                state =>
                {
                    if (state.FindNode(nodeId) is not { } node || !IsCurrent(nodeId, session))
                    {
                        return CommandChanges.None(nodeId);
                    }
                    var now = Now;
                    var status = new NodeStatus
                    {
                        State = NodeState.Ready,
                        Address = address,
                        Since = node.Status is { State: NodeState.Ready, HeldUntil: null } ? node.Status.Since : now,
                    };
                    var changes = new List<StateChange>();
                    foreach (var (taskId, observed) in statuses.Take(StatusChecks.StatusesAtOnce))
                    {
                        if (
                            state.FindTask(taskId) is { } task
                            && task.NodeId == nodeId
                            && observed.State >= task.Status.State
                            && observed != task.Status
                        )
                        {
                            changes.Add(new StateChange.TaskObserve(taskId, observed));
                        }
                    }
                    if (node.Description != description)
                    {
                        changes.Add(new StateChange.NodeDescriptionSet(nodeId, description, now));
                    }
                    if (node.Status != status)
                    {
                        changes.Add(new StateChange.NodeStatusSet(nodeId, status, now));
                    }
                    return new CommandChanges(changes, nodeId);
                },
                (state, id) => state.FindNode(id) ?? throw new OperationCanceledException("The node was removed."),
                cancellation
            )
            .ConfigureAwait(false);
    }

    private Wire.SessionInfo SessionInfo(AgentSession session, Node node, TimeSpan period)
    {
        var info = new Wire.SessionInfo
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

    /// <summary>Makes the session the node's only one and starts its clock.</summary>
    /// <returns>The heartbeat period.</returns>
    private TimeSpan Attach(string nodeId, AgentSession session)
    {
        var period = Period();
        lock (_gate)
        {
            if (_stopping)
            {
                throw LeaderErrors.Stopping();
            }
            var node = Watch(nodeId);
            node.Session?.End(
                new SwarmException(
                    SwarmErrorKind.FailedPrecondition,
                    "SessionReplaced",
                    $"Another session of node {nodeId} has taken the place of this one.",
                    nodeId,
                    "Two daemons with one identity? Give each node a state directory of its own."
                )
            );
            node.Session = session;
            node.Period = period;
            node.DownMessage = "heartbeat failure";
            node.Arm(HeartbeatRules.Silence(period));
        }
        return period;
    }

    private async Task DetachAsync(string nodeId, AgentSession session, SessionEnd end)
    {
        lock (_gate)
        {
            if (_stopping || !_nodes.TryGetValue(nodeId, out var node) || !ReferenceEquals(node.Session, session))
            {
                return;
            }
            node.Session = null;
            switch (end)
            {
                case SessionEnd.Restarting:
                    return;
                case SessionEnd.Left:
                case SessionEnd.Settled:
                    node.Disarm();
                    return;
                default:
                    node.DownMessage = "session broken";
                    node.Arm(HeartbeatRules.ReturnGrace(node.Period));
                    break;
            }
        }
        LogDisconnected(nodeId);
        try
        {
            await SetStatusAsync(nodeId, null, NodeState.Disconnected, "session broken", null, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (SwarmException e)
        {
            // The clock runs all the same: it becomes Down under this leader, or is judged by the next.
            LogStatusNotSet(e, nodeId);
        }
    }

    private bool IsCurrent(string nodeId, AgentSession? session)
    {
        lock (_gate)
        {
            return _nodes.TryGetValue(nodeId, out var node) && ReferenceEquals(node.Session, session);
        }
    }

    /// <summary>Sets the status, unless the node has another session (or one at all) by then.</summary>
    private Task SetStatusAsync(
        string nodeId,
        AgentSession? session,
        NodeState nodeState,
        string message,
        DateTimeOffset? heldUntil,
        CancellationToken cancellation
    ) =>
        _loop.ExecuteAsync(
            "",
            state =>
            {
                if (state.FindNode(nodeId) is not { } node || !IsCurrent(nodeId, session))
                {
                    return CommandChanges.None(nodeId);
                }
                if (nodeState == NodeState.Disconnected && node.Status.State != NodeState.Ready)
                {
                    return CommandChanges.None(nodeId);
                }
                var status = node.Status with
                {
                    State = nodeState,
                    Message = message,
                    Since = node.Status.State == nodeState ? node.Status.Since : Now,
                    HeldUntil = heldUntil,
                };
                return status == node.Status
                    ? CommandChanges.None(nodeId)
                    : new CommandChanges([new StateChange.NodeStatusSet(nodeId, status, Now)], nodeId);
            },
            static (_, _) => true,
            cancellation
        );

    /// <summary>A node's time is up.</summary>
    private async Task ExpireAsync(WatchedNode node)
    {
        AgentSession? session;
        string message;
        lock (_gate)
        {
            if (_stopping || !_leading || !_nodes.TryGetValue(node.Id, out var current) || !ReferenceEquals(node, current) || !node.IsDue())
            {
                return;
            }
            session = node.Session;
            message = node.DownMessage;
            if (session is { IsBlockedByManager: true })
            {
                node.Arm(HeartbeatRules.Silence(node.Period));
                return;
            }
            node.Session = null;
            node.Disarm();
        }
        session?.End(
            new SwarmException(
                SwarmErrorKind.Unavailable,
                "HeartbeatFailure",
                $"Node {node.Id} was not heard for {HeartbeatRules.MissedUntilDown} heartbeat periods.",
                node.Id,
                "Connect again."
            )
        );
        try
        {
            LogDown(node.Id, message);
            await SetStatusAsync(node.Id, null, NodeState.Down, message, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (SwarmException e)
        {
            LogStatusNotSet(e, node.Id);
            lock (_gate)
            {
                if (node.Session is null)
                {
                    // Not committed: a full disk, say. It is tried again as long as this manager leads.
                    node.Arm(TimeSpan.FromSeconds(1));
                }
            }
        }
    }

    private void OnLeadershipGained()
    {
        var nodes = _store.Read(static state => state.Nodes.Where(n => n.Status.State != NodeState.Down).ToList());
        var period = Period();
        var now = Now;
        var unknown = new List<string>();
        lock (_gate)
        {
            _leading = true;
            foreach (var known in nodes)
            {
                var node = Watch(known.Id);
                node.Period = period;
                if (node.Session is not null)
                {
                    continue;
                }
                var grace = HeartbeatRules.NewLeaderGrace(period);
                var held = known.Status.HeldUntil is { } until ? until - now : TimeSpan.Zero;
                node.DownMessage = "no session with the new leader";
                node.Arm(held > grace ? held : grace);
                if (known.Status.HeldUntil is null && known.Status.State != NodeState.Unknown)
                {
                    unknown.Add(known.Id);
                }
            }
        }
        foreach (var nodeId in unknown)
        {
            // Not awaited: this runs on the loop that commits it.
            _ = SetUnknownAsync(nodeId);
        }
    }

    private async Task SetUnknownAsync(string nodeId)
    {
        try
        {
            await SetStatusAsync(
                    nodeId,
                    null,
                    NodeState.Unknown,
                    "waiting for its session with the new leader",
                    null,
                    CancellationToken.None
                )
                .ConfigureAwait(false);
        }
        catch (SwarmException e)
        {
            LogStatusNotSet(e, nodeId);
        }
    }

    private void OnLeadershipLost()
    {
        lock (_gate)
        {
            _leading = false;
        }
        EndAll(new Wire.ManagerMessage { Redirect = Redirect() });
    }

    private void EndAll(Wire.ManagerMessage? lastWord)
    {
        lock (_gate)
        {
            foreach (var node in _nodes.Values)
            {
                node.Session?.End(lastWord is null ? LeaderErrors.Stopping() : null, lastWord);
                node.Session = null;
                node.Dispose();
            }
            _nodes.Clear();
        }
    }

    private void Mark(string? nodeId, string? taskId)
    {
        if (nodeId is not null && taskId is not null && _nodes.TryGetValue(nodeId, out var node) && node.Session is { } session)
        {
            session.Assignments.Mark(taskId);
            session.Wake();
        }
    }

    private WatchedNode Watch(string nodeId)
    {
        if (!_nodes.TryGetValue(nodeId, out var node))
        {
            _nodes[nodeId] = node = new WatchedNode(nodeId, _options.Time, expired => _ = ExpireAsync(expired));
        }
        return node;
    }

    private TimeSpan Period() =>
        _store.Read(static state =>
            HeartbeatRules.Period((state.Cluster?.Settings ?? ClusterSettings.Default).HeartbeatPeriod, state.Nodes.Count)
        );

    private Wire.Redirect Redirect()
    {
        var redirect = new Wire.Redirect();
        redirect.ManagerAddresses.AddRange(_log.LeaderAddress is { Length: > 0 } leader ? [leader] : ManagerAddresses());
        return redirect;
    }

    private IReadOnlyCollection<string> ManagerAddresses() => _log.Members.Count > 0 ? _log.Members : [_options.ClusterAddress];

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Name} ({NodeId}) has a session.")]
    private partial void LogRegistered(string name, string nodeId);

    [LoggerMessage(Level = LogLevel.Information, Message = "The session of node {NodeId} broke.")]
    private partial void LogDisconnected(string nodeId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {NodeId} is down: {Reason}.")]
    private partial void LogDown(string nodeId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The status of node {NodeId} could not be committed.")]
    private partial void LogStatusNotSet(Exception exception, string nodeId);
}
