using System.Net;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Control.Planes;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Security;
using Swarm.Security.Certificates;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager;

/// <summary>Admits new nodes and renews certificates, on a manager's cluster port.</summary>
/// <param name="manager">The running manager; null while this node is none.</param>
/// <param name="time">For the validity of certificates.</param>
/// <param name="logger">Tells of a node that gets another name than its host name.</param>
public sealed partial class CertificateAuthorityService(
    Func<ManagerRuntime?> manager,
    TimeProvider time,
    ILogger<CertificateAuthorityService> logger
) : V1.CertificateAuthority.CertificateAuthorityBase
{
    public override Task<V1.GetRootCertificateResponse> GetRootCertificate(V1.GetRootCertificateRequest request, ServerCallContext context)
    {
        var cluster = ReadCluster(RequireManager());
        return Task.FromResult(new V1.GetRootCertificateResponse { Certificate = ByteString.CopyFrom(cluster.RootCertificate) });
    }

    public override async Task<V1.IssueNodeCertificateResponse> IssueNodeCertificate(
        V1.IssueNodeCertificateRequest request,
        ServerCallContext context
    )
    {
        var running = RequireManager();
        var csr = request.CertificateRequest.ToByteArray();
        var node = request.Token.Length > 0 ? await AdmitAsync(running, request, csr, context) : Renewing(running, context);
        var response = Issue(running, node, csr, time);
        if (request.Token.Length > 0 && NodeNames.Notice(node) is { } notice)
        {
            LogOtherName(logger, node.Id, notice);
            response.Warnings.Add($"This node: {notice}.");
        }
        return response;
    }

    /// <summary>Renews the certificate of the manager itself, which holds the authority. A request over a connection would need the very
    /// certificate that is to be renewed, and it may have expired while the manager was off.</summary>
    /// <exception cref="SwarmException">NoLeader: the manager's state is not there yet. NodeRemoved.</exception>
    public static V1.IssueNodeCertificateResponse RenewOwn(ManagerRuntime running, byte[] certificateRequest, TimeProvider time) =>
        Issue(running, Member(running, running.Options.NodeId), certificateRequest, time);

    public static IReadOnlyList<string> ManagerAddresses(ManagerRuntime running) =>
        running.Log.Members is { Count: > 0 } members ? [.. members] : [running.Options.ClusterAddress];

    private static V1.IssueNodeCertificateResponse Issue(ManagerRuntime running, Node node, byte[] csr, TimeProvider time)
    {
        var cluster = ReadCluster(running);
        using var authority = new CertificateAuthority(cluster.RootCertificate, cluster.RootKey);
        var role = node.Role == NodeRole.Manager ? CertificateRole.Manager : CertificateRole.Worker;
        var certificate = authority.Sign(
            csr,
            new PeerIdentity(node.Id, role, cluster.Id),
            cluster.Settings.CertificateExpiry,
            time.GetUtcNow()
        );
        var response = new V1.IssueNodeCertificateResponse
        {
            NodeId = node.Id,
            ClusterId = cluster.Id,
            Role = ProtocolMapping.ToWire(node.Role),
            Certificate = ByteString.CopyFrom(certificate),
            RootCertificate = ByteString.CopyFrom(cluster.RootCertificate),
        };
        response.ManagerAddresses.Add(ManagerAddresses(running));
        return response;
    }

    private static Node Renewing(ManagerRuntime running, ServerCallContext context)
    {
        if (PeerAuthorization.PeerOf(context) is not { Role: not CertificateRole.Admin } peer)
        {
            throw PeerAuthorization.RefusalOf(context)
                ?? new SwarmException(
                    SwarmErrorKind.PermissionDenied,
                    "InvalidJoinToken",
                    "A valid join token is necessary to join this cluster: none was given.",
                    action: "Give the token that Get-SwarmJoinToken shows on a manager."
                );
        }
        return Member(running, peer.Name);
    }

    private static Node Member(ManagerRuntime running, string nodeId) =>
        running.State.Read(state => state.FindNode(nodeId))
        ?? throw (
            running.HasState
                ? new SwarmException(
                    SwarmErrorKind.PermissionDenied,
                    "NodeRemoved",
                    $"Node {nodeId} is not in this swarm any more: it was removed.",
                    nodeId,
                    "Leave with Exit-Swarm -Force on that node, then join again."
                )
                : PeerAuthorization.NotKnownYet()
        );

    private async Task<Node> AdmitAsync(
        ManagerRuntime running,
        V1.IssueNodeCertificateRequest request,
        byte[] certificateRequest,
        ServerCallContext context
    )
    {
        var token = JoinToken.Parse(request.Token);
        var cluster = ReadCluster(running);
        Check(token, cluster);
        // Refused before anything is written.
        CheckRequest(cluster, certificateRequest);
        var availability = ProtocolMapping.FromWire(request.Availability);
        var address = BoundedText.Cut(request.Address.Length > 0 ? request.Address : RemoteAddress(context), NodeNames.Longest);
        var hostname = BoundedText.Cut(request.Hostname, NodeNames.Longest);
        NodeTexts.Validate("host name", hostname);
        NodeTexts.Validate("address", address);
        // A new node that did not get the answer repeats the same request: it must not become two nodes.
        var requestId = "join-" + Convert.ToHexStringLower(SHA256.HashData(certificateRequest));
        return await running.ExecuteAsync(
            requestId,
            state =>
            {
                // The token may have been rotated while the request waited for its turn.
                Check(token, state.Cluster!);
                var now = time.GetUtcNow();
                var id = NodeIds.Next();
                var node = new Node
                {
                    Id = id,
                    CreatedAt = now,
                    UpdatedAt = now,
                    Role = NodeRole.Worker,
                    Spec = NodeSpec.Default with { Availability = availability },
                    Description = NodeDescription.Unknown with { Hostname = hostname },
                    GivenName = NodeNames.Claim(state, hostname),
                    Number = state.CopyPools().TakeNodeNumber(),
                    Status = NodeStatus.New with { Address = address, Since = now },
                };
                return new CommandChanges([new StateChange.NodeCreate(node)], id);
            },
            (state, id) => state.FindNode(id) ?? throw JoinToken.Refused(),
            context.CancellationToken
        );
    }

    private static void Check(JoinToken token, Cluster cluster)
    {
        if (token.RootDigest != JoinToken.Fingerprint(cluster.RootCertificate))
        {
            throw JoinToken.Refused();
        }
        // Both are always compared, so that the time reveals nothing.
        var worker = JoinToken.SecretsEqual(token.Secret, cluster.WorkerJoinSecret);
        var manager = JoinToken.SecretsEqual(token.Secret, cluster.ManagerJoinSecret);
        if (manager)
        {
            throw new SwarmException(
                SwarmErrorKind.NotSupported,
                ControlPlaneLimits.OneManagerErrorId,
                "The token is a manager's, and this version of swarmd supports one manager in a swarm.",
                action: "Join as a worker, with the token of Get-SwarmJoinToken -Role Worker."
            );
        }
        if (!worker)
        {
            throw JoinToken.Refused();
        }
    }

    private void CheckRequest(Cluster cluster, byte[] certificateRequest)
    {
        using var authority = new CertificateAuthority(cluster.RootCertificate, cluster.RootKey);
        _ = authority.Sign(
            certificateRequest,
            new PeerIdentity("check", CertificateRole.Worker, cluster.Id),
            CertificateLifetimes.ShortestOfNode,
            time.GetUtcNow()
        );
    }

    private static string RemoteAddress(ServerCallContext context)
    {
        var remote = context.GetHttpContext().Connection.RemoteIpAddress ?? IPAddress.None;
        return (remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote).ToString();
    }

    private static Cluster ReadCluster(ManagerRuntime running) =>
        running.State.Read(static state => state.Cluster) ?? throw PeerAuthorization.NotKnownYet();

    private ManagerRuntime RequireManager() =>
        manager()
        ?? throw new SwarmException(
            SwarmErrorKind.FailedPrecondition,
            "NotAManager",
            "This node is not a swarm manager: it cannot let nodes in.",
            action: "Give the address of a manager."
        );

    [LoggerMessage(LogLevel.Warning, "Node {NodeId} has joined: {Notice}.")]
    private static partial void LogOtherName(ILogger logger, string nodeId, string notice);
}
