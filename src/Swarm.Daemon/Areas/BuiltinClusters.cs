using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Consensus;
using Swarm.Control.Addresses;
using Swarm.Control.Calls;
using Swarm.Control.Errors;
using Swarm.Control.Objects;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Membership;
using Swarm.Manager;
using Swarm.Security;
using Swarm.Security.Certificates;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Areas;

/// <summary>The API's area of the swarm itself, answered by a running manager.</summary>
internal sealed class BuiltinClusters(ActiveNode node, TimeProvider time) : V1.Clusters.ClustersBase
{
    private readonly ManagerRuntime _manager = node.Manager!;

    /// <summary>Empty without autolock.</summary>
    public string UnlockKey => Current.UnlockKey;

    private Cluster Current => _manager.State.Read(static s => s.Cluster) ?? throw PeerAuthorization.NotKnownYet();

    public V1.JoinTokens Tokens => Show(Current);

    public override Task<V1.Cluster> GetCluster(V1.GetClusterRequest request, ServerCallContext context) => Task.FromResult(Show());

    public override Task<V1.JoinTokens> GetJoinTokens(V1.GetJoinTokensRequest request, ServerCallContext context) =>
        Task.FromResult(Tokens);

    public override Task<V1.UnlockKey> GetUnlockKey(V1.GetUnlockKeyRequest request, ServerCallContext context) =>
        Task.FromResult(new V1.UnlockKey { UnlockKey_ = UnlockKey });

    public override async Task<V1.Cluster> UpdateCluster(V1.UpdateClusterRequest request, ServerCallContext context)
    {
        // Generated only once: prepare may be called again.
        var newKey = Storage.UnlockKey.Generate();
        var updated = await ChangeAsync(
            request.RequestId,
            cluster =>
            {
                if (request.Version != 0 && request.Version != cluster.Version)
                {
                    throw new SwarmException(
                        SwarmErrorKind.FailedPrecondition,
                        "VersionConflict",
                        $"The swarm was changed by somebody else since it was read (version {request.Version}, now {cluster.Version}).",
                        cluster.Id,
                        "Read it again with Get-Swarm and repeat the change."
                    );
                }
                var settings = ClusterSettingsMapping.Apply(cluster.Settings, request.Settings);
                var key =
                    !settings.Autolock ? ""
                    : cluster.UnlockKey.Length > 0 ? cluster.UnlockKey
                    : newKey;
                return cluster with { Settings = settings, UnlockKey = key };
            },
            context.CancellationToken
        );
        AutolockKeys.Reconcile(node.Keys!, updated);
        return Show();
    }

    public override async Task<V1.JoinTokens> RotateJoinToken(V1.RotateJoinTokenRequest request, ServerCallContext context)
    {
        var role = ProtocolMapping.FromWire(request.Role);
        var secret = JoinToken.NewSecret();
        return Show(
            await ChangeAsync(
                request.RequestId,
                cluster =>
                    role == NodeRole.Manager ? cluster with { ManagerJoinSecret = secret } : cluster with { WorkerJoinSecret = secret },
                context.CancellationToken
            )
        );
    }

    public override async Task<V1.UnlockKey> RotateUnlockKey(V1.RotateUnlockKeyRequest request, ServerCallContext context)
    {
        var key = Storage.UnlockKey.Generate();
        var updated = await ChangeAsync(
            request.RequestId,
            cluster =>
                cluster.Settings.Autolock
                    ? cluster with
                    {
                        UnlockKey = key,
                    }
                    : throw new SwarmException(
                        SwarmErrorKind.FailedPrecondition,
                        "AutolockNotEnabled",
                        "The unlock key cannot be rotated: autolock is not enabled.",
                        cluster.Id,
                        "Enable it with Set-Swarm -Autolock."
                    ),
            context.CancellationToken
        );
        AutolockKeys.Reconcile(node.Keys!, updated);
        return new V1.UnlockKey { UnlockKey_ = updated.UnlockKey };
    }

    public override async Task<V1.IssueClientCertificateResponse> IssueClientCertificate(
        V1.IssueClientCertificateRequest request,
        ServerCallContext context
    )
    {
        var cluster = Current;
        using var authority = new CertificateAuthority(cluster.RootCertificate, cluster.RootKey);
        var lifetime = ProtocolMapping.FromWire(request.Expiry, ClientCertificates.DefaultLifetime, "Expiry");
        var known = _manager.State.Read(static s => s.Credentials);
        var credential = ClientCertificates.Prepare(authority, request.Name, lifetime, known, time.GetUtcNow());
        // A request that cannot be signed is refused before anything is written.
        _ = ClientCertificates.Sign(authority, cluster.Id, request.CertificateRequest.Span, credential);
        var recorded = await _manager.ExecuteAsync(
            request.RequestId,
            _ => new CommandChanges([new StateChange.CredentialIssue(credential)], credential.SerialNumber),
            // A retry gets a certificate of the first attempt's record.
            static (state, serial) => state.Credentials.Find(serial),
            context.CancellationToken
        );
        // Without a record nobody could revoke it: another command has used the id, or the record was revoked or forgotten since.
        if (recorded is not { RevokedAt: null } || recorded.Name != credential.Name)
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "RequestIdInUse",
                $"The request id {request.RequestId} belongs to another request.",
                request.RequestId,
                "Use a new id for each request, and the same one for a retry only."
            );
        }
        var response = ClientCertificates.Sign(authority, cluster.Id, request.CertificateRequest.Span, recorded);
        response.ManagerAddresses.Add(CertificateAuthorityService.ManagerAddresses(_manager));
        return response;
    }

    public override async Task ListCredentials(
        V1.ListCredentialsRequest request,
        IServerStreamWriter<V1.Credential> responseStream,
        ServerCallContext context
    )
    {
        foreach (var credential in CredentialMapping.Select(_manager.State.Read(static s => s.Credentials), request))
        {
            await responseStream.SendAsync(credential, context);
        }
    }

    public override async Task<V1.RevokeCredentialResponse> RevokeCredential(V1.RevokeCredentialRequest request, ServerCallContext context)
    {
        var asked = ClientCertificates.Read(request);
        var after = await _manager.ExecuteAsync(
            asked.RequestId,
            state =>
            {
                ClientCertificates.CheckRevocation(state.Credentials, asked);
                var now = time.GetUtcNow();
                return new CommandChanges(
                    [
                        asked.Name.Length > 0
                            ? new StateChange.CredentialNameRevoke(asked.Name, now)
                            : new StateChange.CredentialRevoke(asked.SerialNumber, now),
                    ],
                    asked.Name + asked.SerialNumber
                );
            },
            static (state, _) => state.Credentials,
            context.CancellationToken
        );
        return CredentialMapping.Revoked(after, asked);
    }

    private Task<Cluster> ChangeAsync(string requestId, Func<Cluster, Cluster> change, CancellationToken cancellation) =>
        _manager.ExecuteAsync(
            requestId,
            state =>
            {
                var before = state.Cluster ?? throw MembershipErrors.Starting("this manager has not heard of its swarm's state yet");
                var after = change(before);
                return after == before
                    ? CommandChanges.None(before.Id)
                    : new CommandChanges([new StateChange.ClusterSet(after with { UpdatedAt = time.GetUtcNow() })], before.Id);
            },
            static (state, _) => state.Cluster!,
            cancellation
        );

    private V1.JoinTokens Show(Cluster cluster) =>
        new()
        {
            Worker = JoinToken.Format(cluster.RootCertificate, cluster.WorkerJoinSecret),
            Manager = JoinToken.Format(cluster.RootCertificate, cluster.ManagerJoinSecret),
            ManagerAddress = node.Record.Advertise,
        };

    private V1.Cluster Show() => _manager.State.Read(state => Show(state, state.Cluster ?? Current));

    private V1.Cluster Show(ClusterState state, Cluster cluster)
    {
        using var root = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(cluster.RootCertificate);
        var shown = new V1.Cluster
        {
            Id = cluster.Id,
            Version = cluster.Version,
            CreatedAt = Timestamp.FromDateTimeOffset(cluster.CreatedAt),
            UpdatedAt = Timestamp.FromDateTimeOffset(cluster.UpdatedAt),
            TaskHistoryLimit = cluster.Settings.TaskHistoryLimit,
            SnapshotInterval = cluster.Settings.SnapshotInterval,
            HeartbeatTick = ReplicatedLogOptions.HeartbeatTick,
            ElectionTick = ReplicatedLogOptions.ElectionTick,
            HeartbeatPeriod = Duration.FromTimeSpan(cluster.Settings.HeartbeatPeriod),
            CertificateExpiry = Duration.FromTimeSpan(cluster.Settings.CertificateExpiry),
            Autolock = cluster.Settings.Autolock,
            Managers = (uint)state.Nodes.Count(static n => n.Role == NodeRole.Manager),
            Nodes = (uint)state.Nodes.Count,
            NodeId = node.Record.NodeId,
            NodeAddress = HostAddress.TryParse(node.Record.Advertise, HostAddress.ClusterPort, out var address) ? address.Host : "",
            IsManager = true,
            CaFingerprint = JoinToken.Fingerprint(cluster.RootCertificate),
            CaExpiresAt = Timestamp.FromDateTime(root.NotAfter.ToUniversalTime()),
        };
        shown.ManagerAddresses.Add(CertificateAuthorityService.ManagerAddresses(_manager));
        return shown;
    }
}
