using Grpc.Core;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Dispatcher;

/// <summary>The gRPC service that agents hold their session with. The peer's certificate says which node it is.</summary>
/// <param name="sessions">Of the manager that runs now; null while this node is none.</param>
public sealed class DispatcherService(Func<AgentSessions?> sessions, IPeerIdentity identity) : Wire.Dispatcher.DispatcherBase
{
    public override Task Session(
        IAsyncStreamReader<Wire.AgentMessage> requestStream,
        IServerStreamWriter<Wire.ManagerMessage> responseStream,
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
