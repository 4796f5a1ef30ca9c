using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Converts Docker's swarm spec to our settings, and writes changes back into it.</summary>
internal static class DockerClusterSettings
{
    /// <summary>Source: moby/swarmkit: 5 s, where ours is 1 s.</summary>
    private static readonly TimeSpan DockerHeartbeat = TimeSpan.FromSeconds(5);

    public static ClusterSettings Read(JsonObject? spec) =>
        new()
        {
            TaskHistoryLimit = (int)(spec.Object("Orchestration").Number("TaskHistoryRetentionLimit") ?? 5),
            SnapshotInterval = spec.Object("Raft").Unsigned("SnapshotInterval") ?? 10_000,
            HeartbeatPeriod = spec.Object("Dispatcher").Duration("HeartbeatPeriod") ?? DockerHeartbeat,
            CertificateExpiry = spec.Object("CAConfig").Duration("NodeCertExpiry") ?? TimeSpan.FromDays(90),
            Autolock = spec.Object("EncryptionConfig").Flag("AutoLockManagers"),
        };

    public static void Change(JsonObject spec, ClusterSettings before, ClusterSettings after)
    {
        if (before.TaskHistoryLimit != after.TaskHistoryLimit)
        {
            spec.Child("Orchestration")["TaskHistoryRetentionLimit"] = after.TaskHistoryLimit;
        }
        if (before.SnapshotInterval != after.SnapshotInterval)
        {
            spec.Child("Raft")["SnapshotInterval"] = after.SnapshotInterval;
        }
        if (before.HeartbeatPeriod != after.HeartbeatPeriod)
        {
            spec.Child("Dispatcher")["HeartbeatPeriod"] = Json.Nanoseconds(after.HeartbeatPeriod);
        }
        if (before.CertificateExpiry != after.CertificateExpiry)
        {
            spec.Child("CAConfig")["NodeCertExpiry"] = Json.Nanoseconds(after.CertificateExpiry);
        }
        if (before.Autolock != after.Autolock)
        {
            spec.Child("EncryptionConfig")["AutoLockManagers"] = after.Autolock;
        }
    }

    /// <summary>DER of the swarm's root certificate; empty when the engine does not show it.</summary>
    public static byte[] RootCertificate(JsonObject cluster)
    {
        var pem = cluster.Object("TLSInfo").Text("TrustRoot");
        return PemEncoding.TryFind(pem, out var fields) ? Convert.FromBase64String(pem[fields.Base64Data]) : [];
    }
}
