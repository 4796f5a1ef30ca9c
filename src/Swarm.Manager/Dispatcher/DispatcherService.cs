using Grpc.Core;
using Swarm.Core.Errors;
using Swarm.Security;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>The gRPC service for agents' sessions. The peer's certificate identifies the node.</summary>
/// <param name="sessions">The sessions of the running manager; null while this node is none.</param>
public sealed class DispatcherService(Func<AgentSessions?> sessions, IPeerIdentity identity) : V1.Dispatcher.DispatcherBase
{
    public override Task Session(
        IAsyncStreamReader<V1.AgentMessage> requestStream,
        IServerStreamWriter<V1.ManagerMessage> responseStream,
        ServerCallContext context
    )
    {
        var nodeId = identity.RequireNode(context);
        var running =
            sessions()
            ?? throw new SwarmException(
                SwarmErrorKind.Unavailable,
                "NotAManager",
                "This node is not a swarm manager.",
                action: "Connect to a manager."
            );
        return running.RunAsync(nodeId, requestStream, responseStream, context.CancellationToken);
    }
}
