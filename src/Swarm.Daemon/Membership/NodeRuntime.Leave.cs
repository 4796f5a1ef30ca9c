using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

internal sealed partial class NodeRuntime
{
    /// <summary>Leaves the swarm: its tasks are stopped and removed, and everything about it is deleted.</summary>
    /// <param name="requestId">The caller's id; a retry after a success succeeds.</param>
    /// <param name="force">Allows the last manager to leave, and a node that is locked or in error.</param>
    /// <param name="cancellation">Gives up before it begins; once begun, it is completed.</param>
    /// <exception cref="SwarmException">NotInSwarm, LastManager, SwarmLocked, NodeInError.</exception>
    public async Task LeaveAsync(string requestId, bool force, CancellationToken cancellation)
    {
        await WaitForStartAsync(cancellation);
        await _gate.WaitAsync(cancellation);
        try
        {
            if (requestId.Length > 0 && _lastLeave == requestId)
            {
                return;
            }
            var now = Now;
            RequireMayLeave(now, force);
            try
            {
                await LeaveNowAsync(now);
                _lastLeave = requestId;
            }
            catch (Exception e)
            {
                Fail(e);
                throw;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private static void RequireMayLeave(NodeStatusNow now, bool force)
    {
        switch (now.State)
        {
            case V1.LocalNodeState.Inactive:
                throw MembershipErrors.NotInSwarm();
            case V1.LocalNodeState.Active when !force && now.Active!.Record.Role == NodeRole.Manager:
                throw MembershipErrors.LastManager();
            case V1.LocalNodeState.Locked when !force:
                throw MembershipErrors.Locked();
            case V1.LocalNodeState.Error when !force:
                throw MembershipErrors.InError(now.Message);
            default:
                return;
        }
    }

    private async Task LeaveNowAsync(NodeStatusNow now)
    {
        Set(V1.LocalNodeState.Pending, "leaving the swarm");
        if (now.Active is { } active)
        {
            // Written to disk first: a crash from here on ends in a wipe, not in an incomplete node.
            active.Save(active.Record with { Phase = MembershipPhase.Leaving });
            await active.LeaveAsync();
            LogLeft(_logger, active.Record.ClusterId);
        }
        _locked = null;
        _store.Wipe();
        Set(V1.LocalNodeState.Inactive, "");
    }

    [LoggerMessage(LogLevel.Information, "This node has left swarm {ClusterId}.")]
    private static partial void LogLeft(ILogger logger, string clusterId);
}
