using Swarm.Core.Forwarding;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Manager.Dispatcher;

/// <content>The forwarding tables of all nodes: what changes in them, and when they are in force.</content>
public sealed partial class AgentSessions
{
    /// <summary>The longest wait for nodes that do not say whether they have put a table into force.</summary>
    private static readonly TimeSpan ForwardedWithin = TimeSpan.FromSeconds(2);

    /// <summary>Completes when every node with a session and a data plane forwards by the state of an index, or 2 s later.</summary>
    internal async Task ForwardedAsync(ulong index, CancellationToken cancellation)
    {
        List<(string NodeId, Task Settled)> waiting;
        lock (_gate)
        {
            waiting =
            [
                .. _nodes
                    .Values.Where(static node => node.Session?.Forwarding is not null)
                    .Select(node => (node.Id, node.Session!.Forwarding!.SettledAsync(index))),
            ];
        }
        try
        {
            await Task.WhenAll(waiting.Select(static w => w.Settled)).WaitAsync(ForwardedWithin, _options.Time, cancellation);
        }
        catch (TimeoutException)
        {
            foreach (var (nodeId, _) in waiting.Where(static w => !w.Settled.IsCompleted))
            {
                LogForwardingSilent(nodeId, ForwardedWithin.TotalSeconds);
            }
        }
    }

    /// <summary>Called under the lock.</summary>
    private void MarkForwarding(IReadOnlyList<ChangedObject> changes)
    {
        HashSet<string>? services = null;
        var all = false;
        foreach (var change in changes)
        {
            var serviceId = change switch
            {
                ChangedObject.OfTask(var before, var after) when IsOtherBackend(before, after) => (after ?? before)!.ServiceId,
                ChangedObject.OfService(var before, var after)
                    when before?.Ports != after?.Ports || before?.Spec.Name != after?.Spec.Name => (after ?? before)!.Id,
                _ => null,
            };
            if (serviceId is not null)
            {
                (services ??= new HashSet<string>(StringComparer.Ordinal)).Add(serviceId);
            }
            all |= change is ChangedObject.OfNode(var was, var now) && PeerOf(was) != PeerOf(now);
        }
        if (services is null && !all)
        {
            return;
        }
        foreach (var node in _nodes.Values)
        {
            if (node.Session is not { Forwarding: { } forwarding } session)
            {
                continue;
            }
            if (all)
            {
                forwarding.MarkAll();
            }
            foreach (var serviceId in services ?? [])
            {
                forwarding.Mark(serviceId);
            }
            session.Wake();
        }
    }

    private static Core.Networking.ForwardingPeer? PeerOf(Node? node) => node is null ? null : ForwardingTables.PeerOf(node);

    private static bool IsOtherBackend(SwarmTask? before, SwarmTask? after)
    {
        var was = before is not null && ForwardingTables.TakesConnections(before);
        var isNow = after is not null && ForwardingTables.TakesConnections(after);
        return was != isNow || (isNow && (before!.Status.Endpoint != after!.Status.Endpoint || before.NodeId != after.NodeId));
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Node {NodeId} did not say within {Seconds} s that it sends no new connections to tasks that end: they end now."
    )]
    private partial void LogForwardingSilent(string nodeId, double seconds);
}
