using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <content>The effects of a gained or lost leadership on the sessions.</content>
public sealed partial class AgentSessions
{
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
                var held = known.Status.HeldUntil is { } until ? HeartbeatRules.GraceLeft(until, known.UpdatedAt, now) : TimeSpan.Zero;
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
            );
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
        EndAll(new V1.ManagerMessage { Redirect = Redirect() });
    }

    private void EndAll(V1.ManagerMessage? lastWord)
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

    private V1.Redirect Redirect()
    {
        var redirect = new V1.Redirect();
        redirect.ManagerAddresses.AddRange(_log.LeaderAddress is { Length: > 0 } leader ? [leader] : ManagerAddresses());
        return redirect;
    }
}
