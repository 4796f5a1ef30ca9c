using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Control.Calls;
using Swarm.Control.Objects;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Plane;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;
using Swarm.Security.Certificates;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The swarm itself: tokens, keys and settings, which are the engine's; certificates are this swarmd's own.</summary>
internal sealed class DockerClusters(EngineSwarm engine, DockerMirror mirror, DockerAuthority authority, DockerPlaneOptions options)
    : V1.Clusters.ClustersBase
{
    public override Task<V1.Cluster> GetCluster(V1.GetClusterRequest request, ServerCallContext context) =>
        ReadClusterAsync(context.CancellationToken);

    private async Task<V1.Cluster> ReadClusterAsync(CancellationToken cancellation)
    {
        await mirror.RefreshAsync(cancellation);
        var info = await engine.OwnPartAsync(cancellation);
        return Show(await engine.ReadAsync(cancellation), info);
    }

    public override async Task<V1.Cluster> UpdateCluster(V1.UpdateClusterRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        await engine.ChangeAsync(
            "",
            swarm =>
            {
                var version = DockerObjects.VersionOf(swarm);
                if (request.Version != 0 && request.Version != version)
                {
                    throw new SwarmException(
                        SwarmErrorKind.FailedPrecondition,
                        "VersionConflict",
                        $"The swarm was changed by somebody else since it was read (version {request.Version}, now {version}).",
                        swarm.Text("ID"),
                        "Read it again with Get-Swarm and repeat the change."
                    );
                }
                var spec = (swarm.Object("Spec") ?? []).Copy();
                var before = DockerClusterSettings.Read(spec);
                DockerClusterSettings.Change(spec, before, ClusterSettingsMapping.Apply(before, request.Settings));
                return spec;
            },
            cancellation
        );
        return await ReadClusterAsync(cancellation);
    }

    public override Task<V1.JoinTokens> GetJoinTokens(V1.GetJoinTokensRequest request, ServerCallContext context) =>
        ReadTokensAsync(context.CancellationToken);

    public async Task<V1.JoinTokens> ReadTokensAsync(CancellationToken cancellation)
    {
        var swarm = await engine.ReadAsync(cancellation);
        var info = await engine.OwnPartAsync(cancellation);
        return new V1.JoinTokens
        {
            Worker = swarm.Object("JoinTokens").Text("Worker"),
            Manager = swarm.Object("JoinTokens").Text("Manager"),
            ManagerAddress = OwnAddress(info),
        };
    }

    public override async Task<V1.JoinTokens> RotateJoinToken(V1.RotateJoinTokenRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        var role = ProtocolMapping.FromWire(request.Role) == NodeRole.Manager ? "Manager" : "Worker";
        await engine.ChangeAsync($"&rotate{role}Token=true", static swarm => (swarm.Object("Spec") ?? []).Copy(), cancellation);
        return await ReadTokensAsync(cancellation);
    }

    public override Task<V1.UnlockKey> GetUnlockKey(V1.GetUnlockKeyRequest request, ServerCallContext context) =>
        ReadUnlockKeyAsync(context.CancellationToken);

    public async Task<V1.UnlockKey> ReadUnlockKeyAsync(CancellationToken cancellation) =>
        new() { UnlockKey_ = (await engine.AskAsync("/swarm/unlockkey", cancellation)).Text("UnlockKey") };

    public override async Task<V1.UnlockKey> RotateUnlockKey(V1.RotateUnlockKeyRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        await engine.ChangeAsync(
            "&rotateManagerUnlockKey=true",
            static swarm =>
                DockerClusterSettings.Read(swarm.Object("Spec")).Autolock
                    ? (swarm.Object("Spec") ?? []).Copy()
                    : throw new SwarmException(
                        SwarmErrorKind.FailedPrecondition,
                        "AutolockNotEnabled",
                        "The unlock key cannot be rotated: autolock is not enabled.",
                        swarm.Text("ID"),
                        "Enable it with Set-Swarm -Autolock."
                    ),
            cancellation
        );
        return await ReadUnlockKeyAsync(cancellation);
    }

    public override async Task<V1.IssueClientCertificateResponse> IssueClientCertificate(
        V1.IssueClientCertificateRequest request,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        var response = authority.Issue(request);
        var info = await engine.OwnPartAsync(cancellation);
        var host =
            info.Text("NodeAddr") is { Length: > 0 } address ? address
            : options.Advertise?.Host is { Length: > 0 } advertised ? advertised
            : options.Hostname;
        response.ManagerAddresses.Add(new HostAddress(host, options.Listen.Port).ToString());
        return response;
    }

    public override async Task ListCredentials(
        V1.ListCredentialsRequest request,
        IServerStreamWriter<V1.Credential> responseStream,
        ServerCallContext context
    )
    {
        foreach (var credential in CredentialMapping.Select(authority.Issued, request))
        {
            await responseStream.SendAsync(credential, context);
        }
    }

    public override Task<V1.RevokeCredentialResponse> RevokeCredential(V1.RevokeCredentialRequest request, ServerCallContext context)
    {
        var asked = ClientCertificates.Read(request);
        authority.Revoke(asked);
        return Task.FromResult(CredentialMapping.Revoked(authority.Issued, asked));
    }

    private V1.Cluster Show(JsonObject swarm, JsonObject? info)
    {
        var settings = DockerClusterSettings.Read(swarm.Object("Spec"));
        var shown = new V1.Cluster
        {
            Id = swarm.Text("ID"),
            Version = DockerObjects.VersionOf(swarm),
            CreatedAt = ProtocolMapping.ToWire(swarm.Time("CreatedAt")),
            UpdatedAt = ProtocolMapping.ToWire(swarm.Time("UpdatedAt")),
            TaskHistoryLimit = settings.TaskHistoryLimit,
            SnapshotInterval = settings.SnapshotInterval,
            HeartbeatTick = (uint)(swarm.Object("Spec").Object("Raft").Number("HeartbeatTick") ?? 0),
            ElectionTick = (uint)(swarm.Object("Spec").Object("Raft").Number("ElectionTick") ?? 0),
            HeartbeatPeriod = Duration.FromTimeSpan(settings.HeartbeatPeriod),
            CertificateExpiry = Duration.FromTimeSpan(settings.CertificateExpiry),
            Autolock = settings.Autolock,
            Managers = (uint)mirror.Store.Read(static s => s.Nodes.Count(static n => n.Role == NodeRole.Manager)),
            Nodes = (uint)mirror.Store.Read(static s => s.Nodes.Count),
            NodeId = info.Text("NodeID"),
            NodeAddress = info.Text("NodeAddr"),
            IsManager = info.Flag("ControlAvailable"),
        };
        shown.ManagerAddresses.Add(EngineSwarm.ManagerAddresses(info));
        if (DockerClusterSettings.RootCertificate(swarm) is { Length: > 0 } root)
        {
            using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(root);
            shown.CaFingerprint = JoinToken.Fingerprint(root);
            shown.CaExpiresAt = Timestamp.FromDateTime(certificate.NotAfter.ToUniversalTime());
        }
        return shown;
    }

    private static string OwnAddress(JsonObject? info)
    {
        var own = info.Text("NodeID");
        var address = (info.Array("RemoteManagers") ?? []).FirstOrDefault(m => m.Text("NodeID") == own).Text("Addr");
        return address.Length > 0 ? address : EngineSwarm.WithPort(info.Text("NodeAddr"));
    }
}
