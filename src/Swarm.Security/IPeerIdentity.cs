using Grpc.Core;
using Swarm.Core.Errors;

namespace Swarm.Security;

/// <summary>Tells from a call's connection which node is at the other end. The hosting implements it over the peer's certificate.</summary>
public interface IPeerIdentity
{
    /// <summary>The id of the node whose certificate the peer has shown.</summary>
    /// <exception cref="SwarmException">PermissionDenied: there is no certificate of this swarm's CA, or it is not a node's.</exception>
    string RequireNode(ServerCallContext context);
}
