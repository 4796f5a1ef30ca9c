using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>The swarm, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeClusters(FakeControl control) : V1.Clusters.ClustersBase
{
    public override Task<V1.Cluster> GetCluster(V1.GetClusterRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(
            new V1.Cluster
            {
                Id = "cluster1",
                NodeId = "node0id",
                IsManager = true,
                Managers = 1,
                Nodes = 3,
                TaskHistoryLimit = control.TaskHistoryLimit,
                SnapshotInterval = 10000,
                HeartbeatPeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
                CertificateExpiry = Duration.FromTimeSpan(TimeSpan.FromDays(90)),
            }
        );
    }

    public override async Task<V1.Cluster> UpdateCluster(V1.UpdateClusterRequest request, ServerCallContext context)
    {
        control.Note(request);
        if (request.Settings.HasAutolock)
        {
            control.UnlockKey = request.Settings.Autolock ? "SWMKEY-1-abc" : "";
        }
        control.TaskHistoryLimit = request.Settings.HasTaskHistoryLimit ? request.Settings.TaskHistoryLimit : control.TaskHistoryLimit;
        return await GetCluster(new V1.GetClusterRequest(), context);
    }

    public override Task<V1.JoinTokens> GetJoinTokens(V1.GetJoinTokensRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(control.Tokens);
    }

    public override Task<V1.JoinTokens> RotateJoinToken(V1.RotateJoinTokenRequest request, ServerCallContext context)
    {
        control.Note(request);
        control.Tokens.Worker = "SWMTKN-1-ca-worker2";
        return AsyncTask.FromResult(control.Tokens);
    }

    public override Task<V1.UnlockKey> GetUnlockKey(V1.GetUnlockKeyRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(new V1.UnlockKey { UnlockKey_ = control.UnlockKey });
    }

    public override Task<V1.UnlockKey> RotateUnlockKey(V1.RotateUnlockKeyRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(new V1.UnlockKey { UnlockKey_ = "SWMKEY-1-def" });
    }

    public override Task<V1.IssueClientCertificateResponse> IssueClientCertificate(
        V1.IssueClientCertificateRequest request,
        ServerCallContext context
    )
    {
        control.Note(request);
        var wanted = CertificateRequest.LoadSigningRequest(request.CertificateRequest.ToByteArray(), HashAlgorithmName.SHA256);
        using var issued = wanted.Create(control.Root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(30), [1, 2, 3]);
        return AsyncTask.FromResult(
            new V1.IssueClientCertificateResponse
            {
                Certificate = issued.ExportCertificatePem(),
                RootCertificate = control.Root.ExportCertificatePem(),
                ManagerAddresses = { "127.0.0.11:2377" },
            }
        );
    }

    public override AsyncTask ListCredentials(
        V1.ListCredentialsRequest request,
        IServerStreamWriter<V1.Credential> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        var found = control
            .Credentials.Where(c =>
                request.Selectors.Count == 0 || request.Selectors.Contains(c.Name) || request.Selectors.Contains(c.SerialNumber)
            )
            .ToList();
        return found.Count > 0 || request.Selectors.Count == 0
            ? FakeControl.SendAsync(found, responseStream)
            : throw FakeControl.Refuse(StatusCode.NotFound, "CredentialNotFound", "There is none.", request.Selectors[0], "Look.");
    }

    public override Task<V1.RevokeCredentialResponse> RevokeCredential(V1.RevokeCredentialRequest request, ServerCallContext context)
    {
        control.Note(request);
        var meant = control.Credentials.Where(c => c.Name == request.Name || c.SerialNumber == request.SerialNumber).ToList();
        if (meant.Count == 0 && request.Name.Length == 0)
        {
            throw FakeControl.Refuse(StatusCode.NotFound, "CredentialNotFound", "There is none.", request.SerialNumber, "Look.");
        }
        meant.ForEach(c => c.RevokedAt = Timestamp.FromDateTime(DateTime.UtcNow));
        return AsyncTask.FromResult(new V1.RevokeCredentialResponse { Revoked = { meant } });
    }
}
