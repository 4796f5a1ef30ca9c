using Grpc.Core;
using Swarm.Core.Errors;

namespace Swarm.Security;

/// <summary>Identifies the node at the other end of a call's connection. The hosting implements it with the peer's certificate.</summary>
public interface IPeerIdentity
{
    /// <summary>The id of the node in the peer's certificate.</summary>
    /// <exception cref="SwarmException">PermissionDenied: there is no certificate of this swarm's CA, or it is not a node's.</exception>
    string RequireNode(ServerCallContext context);
}
