using Swarm.Control.Errors;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <content>The changes of a node's status in the state.</content>
public sealed partial class AgentSessions
{
    internal Task DescribeAsync(string nodeId, NodeDescription description, CancellationToken cancellation) =>
        _loop.ExecuteAsync(
            "",
            state =>
                state.FindNode(nodeId) is { } node && StatusChecks.IsNews(node, description)
                    ? new CommandChanges([StatusChecks.Describe(state, node, description, Now)], nodeId)
                    : CommandChanges.None(nodeId),
            static (_, _) => true,
            cancellation
        );

    internal async Task<SessionEnd> SayGoodbyeAsync(string nodeId, AgentSession session, V1.Goodbye goodbye, CancellationToken cancellation)
    {
        if (!goodbye.Restart)
        {
            try
            {
                await SetStatusAsync(nodeId, session, NodeState.Down, "left the swarm", null, cancellation, hasLeft: true);
            }
            catch (SwarmException e) when (LeaderErrors.IsStorageFull(e))
            {
                // The agent says it once. Its clock commits it when there is room.
                LogStatusNotSet(e, nodeId);
                lock (_gate)
                {
                    if (_nodes.TryGetValue(nodeId, out var left) && ReferenceEquals(left.Session, session))
                    {
                        (left.HasLeft, left.DownMessage) = (true, "left the swarm");
                        left.Arm(AgentSession.RoomCheckPeriod);
                    }
                }
            }
            return SessionEnd.Left;
        }
        var grace = ProtocolMapping.FromWire(goodbye.Grace, HeartbeatRules.DefaultRestartGrace, "Goodbye.Grace");
        grace = TimeSpan.FromTicks(Math.Clamp(grace.Ticks, 0, HeartbeatRules.LongestRestartGrace.Ticks));
        try
        {
            await SetStatusAsync(nodeId, session, NodeState.Ready, "restarting", Now + grace, cancellation);
        }
        catch (SwarmException e) when (LeaderErrors.IsStorageFull(e))
        {
            // The clock below runs under this leader all the same.
            LogStatusNotSet(e, nodeId);
        }
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

    /// <summary>Sets the status, unless the node has another session (or any session) by then.</summary>
    private Task SetStatusAsync(
        string nodeId,
        AgentSession? session,
        NodeState nodeState,
        string message,
        DateTimeOffset? heldUntil,
        CancellationToken cancellation,
        bool hasLeft = false
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
                    HasLeft = hasLeft,
                };
                return status == node.Status
                    ? CommandChanges.None(nodeId)
                    : new CommandChanges([new StateChange.NodeStatusSet(nodeId, status, Now)], nodeId);
            },
            static (_, _) => true,
            cancellation
        );

    [LoggerMessage(Level = LogLevel.Warning, Message = "The status of node {NodeId} could not be committed.")]
    private partial void LogStatusNotSet(Exception exception, string nodeId);
}
