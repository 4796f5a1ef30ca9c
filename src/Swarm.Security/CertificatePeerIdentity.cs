using Grpc.Core;
using Swarm.Core.Errors;
using Swarm.Security.Certificates;

namespace Swarm.Security;

/// <summary>The node at the other end of a call, from the certificate that <see cref="PeerAuthorization"/> verified.</summary>
public sealed class CertificatePeerIdentity : IPeerIdentity
{
    public string RequireNode(ServerCallContext context) =>
        PeerAuthorization.PeerOf(context) is { Role: not CertificateRole.Admin } peer
            ? peer.Name
            : throw new SwarmException(
                SwarmErrorKind.PermissionDenied,
                "ClientCertificateRequired",
                "A node certificate of this swarm is required."
            );
}
