using Grpc.Core;
using Grpc.Core.Interceptors;
using Swarm.Core.Errors;
using Swarm.Security.Certificates;

namespace Swarm.Security;

/// <summary>Lets a call on the cluster port through when the peer's certificate allows it: <see cref="CallRights"/> says what each method asks for.</summary>
/// <param name="credentials">This node's certificate and the roots that it trusts.</param>
/// <param name="isMember">Is a node (by id) still in the swarm? Certificates outlive removal.</param>
public sealed class PeerAuthorization(ClusterCredentials credentials, Func<string, bool> isMember) : Interceptor
{
    private static readonly object PeerKey = new();

    /// <summary>The peer of a call on the cluster port, or null: a call without certificate, or on the local socket.</summary>
    public static PeerIdentity? PeerOf(ServerCallContext context) =>
        context.UserState.TryGetValue(PeerKey, out var peer) ? peer as PeerIdentity : null;

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        Authorize(context);
        return continuation(request, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        Authorize(context);
        var http = context.GetHttpContext();
        using var open = credentials.EndWhenRevoked(http.Connection.ClientCertificate, http.Abort);
        await continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        Authorize(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Authorize(ServerCallContext context)
    {
        // Verified again, not only in the handshake: a connection may outlive the certificate it was made with.
        var certificate = context.GetHttpContext().Connection.ClientCertificate;
        var peer = credentials.Verify(certificate);
        if (peer is not null)
        {
            context.UserState[PeerKey] = peer;
        }
        var right = CallRights.Of(context.Method);
        if (right == CallRight.Anyone)
        {
            return;
        }
        var known = RequirePeer(peer, certificate is not null);
        if (right == CallRight.Node)
        {
            AuthorizeNode(known);
            return;
        }
        AuthorizeAdministrator(known);
        if (right == CallRight.ThisHost)
        {
            // "/swarm.v1.Membership/InitSwarm"
            var method = context.Method[(context.Method.LastIndexOf('/') + 1)..];
            throw Denied(
                "LocalOnly",
                $"{method} can be asked for on the node itself only.",
                method,
                "Run it on that node, over swarmd's local socket."
            );
        }
    }

    private static PeerIdentity RequirePeer(PeerIdentity? peer, bool presented) =>
        peer
        ?? throw (
            presented
                ? Denied(
                    "CertificateNotValid",
                    "The client certificate is not (or no longer) valid in this swarm: it ended, was revoked, or is another swarm's.",
                    "",
                    "A node renews its certificate by itself, or is joined again; a person gets a new one with New-SwarmCredential."
                )
                : Denied(
                    "ClientCertificateRequired",
                    "A client certificate of this swarm is required.",
                    "",
                    "Get one on a manager with New-SwarmCredential and pass it to Connect-Swarm."
                )
        );

    private void AuthorizeNode(PeerIdentity peer)
    {
        if (peer.Role == CertificateRole.Admin)
        {
            throw Denied("NotANode", $"'{peer.Name}' is an administrator's certificate, not a node's.", peer.Name, "");
        }
        if (!isMember(peer.Name))
        {
            throw Denied(
                "NodeRemoved",
                $"Node {peer.Name} is not in this swarm any more: it was removed.",
                peer.Name,
                "Leave with Exit-Swarm -Force on that node, then join again."
            );
        }
    }

    private void AuthorizeAdministrator(PeerIdentity peer)
    {
        if (peer.Role == CertificateRole.Worker || (peer.Role == CertificateRole.Manager && !isMember(peer.Name)))
        {
            throw Denied(
                "PermissionDenied",
                $"Node {peer.Name} may not use the control API: an administrator's or a manager's certificate is needed.",
                peer.Name,
                "Use a certificate made with New-SwarmCredential on a manager."
            );
        }
    }

    private static SwarmException Denied(string errorId, string message, string target, string action) =>
        new(SwarmErrorKind.PermissionDenied, errorId, message, target, action);
}
