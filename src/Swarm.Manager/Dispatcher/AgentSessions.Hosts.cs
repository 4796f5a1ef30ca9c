using Swarm.Control.Hosts;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>Commands for a node's host go to its swarmd over the session that its agent holds.</summary>
public sealed partial class AgentSessions : INodeHosts
{
    /// <summary>A firewall's tools are slow on a busy host, but not slower than this.</summary>
    private static readonly TimeSpan HostAnswerWithin = TimeSpan.FromMinutes(3);

    /// <inheritdoc/>
    public async Task<V1.HostAnswer> RunAsync(string nodeId, string nodeName, V1.HostCommand command, CancellationToken cancellation)
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
            if (await session.RunHostCommandAsync(command, limit.Token) is { } answer)
            {
                return answer;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The code below throws.
        }
        throw HostAnswers.DoesNotAnswer(nodeName);
    }
}
