using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Manager.Dispatcher;

/// <content>The clocks: the session of each node, and the silence after which it is Down.</content>
public sealed partial class AgentSessions
{
    /// <summary>The turns of the thread pool that a message takes from the socket to <see cref="Touch"/>, and a few more.</summary>
    private const int TurnsBeforeDown = 16;

    /// <summary>Restarts the clock after a message of the agent.</summary>
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

    /// <summary>Makes the session the node's only one. Its clock stands still until it is open: the commit of a registration is the manager's
    /// time.</summary>
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
            (node.HasLeft, node.DownMessage) = (false, "heartbeat failure");
            node.Disarm();
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
                    if (!node.HasLeft)
                    {
                        node.Disarm();
                    }
                    return;
                default:
                    node.DownMessage = "connection lost";
                    node.Arm(HeartbeatRules.ReturnGrace(node.Period));
                    break;
            }
        }
        LogDisconnected(nodeId);
        try
        {
            await SetStatusAsync(nodeId, null, NodeState.Disconnected, "connection lost", null, CancellationToken.None);
        }
        catch (SwarmException e)
        {
            // The clock runs all the same: the node becomes Down under this leader, or the next leader decides.
            LogStatusNotSet(e, nodeId);
        }
    }

    /// <summary>Handles a node whose time is up.</summary>
    private async Task ExpireAsync(WatchedNode node)
    {
        // A busy manager may be as late with a heartbeat as with this. Work that waits for a thread comes first: the heartbeat may be among it.
        for (var turn = 0; turn < TurnsBeforeDown; turn++)
        {
            await Task.Yield();
        }
        AgentSession? session;
        string message;
        bool hasLeft;
        lock (_gate)
        {
            if (_stopping || !_leading || !_nodes.TryGetValue(node.Id, out var current) || !ReferenceEquals(node, current) || !node.IsDue())
            {
                return;
            }
            session = node.Session;
            (message, hasLeft) = (node.DownMessage, node.HasLeft);
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
            await SetStatusAsync(node.Id, null, NodeState.Down, message, null, CancellationToken.None, hasLeft);
        }
        catch (SwarmException e)
        {
            LogStatusNotSet(e, node.Id);
            lock (_gate)
            {
                if (node.Session is null)
                {
                    // Not committed, for example because of a full disk. It is tried again as long as this manager is the leader.
                    node.Arm(AgentSession.RoomCheckPeriod);
                }
            }
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

    private bool IsCurrent(string nodeId, AgentSession? session)
    {
        lock (_gate)
        {
            return _nodes.TryGetValue(nodeId, out var node) && ReferenceEquals(node.Session, session);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The session of node {NodeId} broke.")]
    private partial void LogDisconnected(string nodeId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {NodeId} is down: {Reason}.")]
    private partial void LogDown(string nodeId, string reason);
}
