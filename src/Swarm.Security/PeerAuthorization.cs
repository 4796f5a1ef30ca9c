using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Swarm.Core.Errors;
using Swarm.Security.Certificates;

namespace Swarm.Security;

/// <summary>Decides from the peer's certificate about a call on the cluster port: <see cref="CallRights"/> says what each method asks for. The decision
/// needs nothing of the call's message.</summary>
/// <param name="credentials">This node's certificate and the roots that it trusts.</param>
/// <param name="isMember">Is a node (by id) still in the swarm? Certificates outlive removal. Null: this manager does not know yet.</param>
public sealed class PeerAuthorization(ClusterCredentials credentials, Func<string, bool?> isMember)
{
    private static readonly object VerdictKey = new();

    /// <summary>The peer of a call on the cluster port, or null: a call without a certificate that is valid now, or on the local socket.</summary>
    public static PeerIdentity? PeerOf(ServerCallContext context) =>
        context.UserState.TryGetValue(VerdictKey, out var verdict) && verdict is CertificateVerdict { Fault: CertificateFault.None } valid
            ? valid.Identity
            : null;

    /// <summary>The refusal of the certificate that the caller presented; null when it presented none, or one that is valid.</summary>
    public static SwarmException? RefusalOf(ServerCallContext context) =>
        context.UserState.TryGetValue(VerdictKey, out var verdict)
        && verdict is CertificateVerdict { Fault: not (CertificateFault.None or CertificateFault.Missing) } refused
            ? NotValid(refused)
            : null;

    /// <summary>The answer of a manager to members while it has not read its state: it knows neither the nodes nor what was revoked. A retry
    /// helps.</summary>
    public static SwarmException NotKnownYet() =>
        new(SwarmErrorKind.Unavailable, "NoLeader", "This manager has not heard of its swarm's state yet.", action: "Retry in a moment.");

    /// <summary>The administrator or the node of the swarm that a certificate stands for; null: somebody else, whatever the certificate.</summary>
    public PeerIdentity? Member(X509Certificate2? certificate) =>
        credentials.Verify(certificate) is { } peer && (peer.Role == CertificateRole.Admin || isMember(peer.Name) == true) ? peer : null;

    /// <summary>Ends a call that <see cref="Authorize"/> let through when its caller's certificate is revoked.</summary>
    /// <returns>To be disposed of when the call has ended; null: the caller is no administrator.</returns>
    public IDisposable? EndWhenRevoked(HttpContext context) =>
        context.Items[VerdictKey] is CertificateVerdict { Identity: { Role: CertificateRole.Admin } administrator }
            ? credentials.EndWhenRevoked(context.Connection.ClientCertificate!, administrator, context.Abort)
            : null;

    /// <summary>Lets a call through, and notes its peer for <see cref="PeerOf"/>.</summary>
    /// <param name="context">The call, whose message has not been read.</param>
    /// <param name="method">The full name of the method that will be called, as in <see cref="CallRights"/>.</param>
    /// <returns>The right that the method asks for.</returns>
    /// <exception cref="SwarmException">PermissionDenied: ClientCertificateRequired, CertificateNotValid, NotANode, NodeRemoved, PermissionDenied,
    /// LocalOnly. Unavailable: NoLeader. Or the refusal of <see cref="ClusterCredentials.CannotJudge"/>.</exception>
    public CallRight Authorize(HttpContext context, string method)
    {
        // Judged again, not only in the handshake: a connection may outlive the certificate it was made with.
        var verdict = credentials.Judge(context.Connection.ClientCertificate);
        // gRPC gives these items to the method as its user state.
        context.Items[VerdictKey] = verdict;
        var right = CallRights.Of(method);
        if (right == CallRight.Anyone)
        {
            return right;
        }
        var known = RequirePeer(verdict);
        if (right == CallRight.Node)
        {
            AuthorizeNode(known);
            return right;
        }
        AuthorizeAdministrator(known);
        if (right == CallRight.ThisHost)
        {
            // "/swarm.v1.Membership/InitSwarm"
            var name = method[(method.LastIndexOf('/') + 1)..];
            throw Denied(
                "LocalOnly",
                $"{name} can be asked for on the node itself only.",
                name,
                "Run it on that node, over swarmd's local socket."
            );
        }
        return right;
    }

    private static PeerIdentity RequirePeer(CertificateVerdict verdict) =>
        verdict.Fault switch
        {
            CertificateFault.None => verdict.Identity!,
            CertificateFault.Missing => throw Denied(
                "ClientCertificateRequired",
                "A client certificate of this swarm is required.",
                "",
                "Get one on a manager with New-SwarmCredential and pass it to Connect-Swarm."
            ),
            _ => throw NotValid(verdict),
        };

    private static SwarmException NotValid(CertificateVerdict verdict) =>
        verdict.Refusal
        ?? Denied(
            "CertificateNotValid",
            $"The client certificate is not accepted: {verdict.By("the manager's")}.",
            verdict.Identity?.Name ?? "",
            verdict.Fault == CertificateFault.NotYetValid
                ? "Set the clocks of both hosts by NTP (chrony, systemd-timesyncd)."
                : "A node renews its certificate by itself, or is joined again; a person gets a new one with New-SwarmCredential."
        );

    private void AuthorizeNode(PeerIdentity peer)
    {
        if (peer.Role == CertificateRole.Admin)
        {
            throw Denied("NotANode", $"'{peer.Name}' is an administrator's certificate, not a node's.", peer.Name, "");
        }
        if (!IsMember(peer))
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
        if (peer.Role == CertificateRole.Worker || (peer.Role == CertificateRole.Manager && !IsMember(peer)))
        {
            throw Denied(
                "PermissionDenied",
                $"Node {peer.Name} may not use the control API: an administrator's or a manager's certificate is needed.",
                peer.Name,
                "Use a certificate made with New-SwarmCredential on a manager."
            );
        }
    }

    /// <summary>A node that is told of its removal ends its tasks: a manager that does not know says nothing of the kind.</summary>
    private bool IsMember(PeerIdentity node) => isMember(node.Name) ?? throw NotKnownYet();

    private static SwarmException Denied(string errorId, string message, string target, string action) =>
        new(SwarmErrorKind.PermissionDenied, errorId, message, target, action);
}
