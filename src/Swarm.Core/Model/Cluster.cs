namespace Swarm.Core.Model;

/// <summary>The swarm itself: its settings and its trust.</summary>
public sealed record Cluster
{
    public required string Id { get; init; }
    public ulong Version { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public ClusterSettings Settings { get; init; } = ClusterSettings.Default;

    /// <summary>The root certificate (DER) and its private key (PKCS#8). The log and its snapshots are encrypted at rest.</summary>
    public required byte[] RootCertificate { get; init; }
    public required byte[] RootKey { get; init; }

    /// <summary>The secret halves of the join tokens.</summary>
    public required string WorkerJoinSecret { get; init; }
    public required string ManagerJoinSecret { get; init; }

    /// <summary>Empty unless autolock is on.</summary>
    public string UnlockKey { get; init; } = "";
}

/// <summary>Settings with Docker's defaults, but for the heartbeat (ours: 1 s).</summary>
public sealed record ClusterSettings
{
    public static ClusterSettings Default { get; } = new();

    /// <summary>Tasks kept per slot, the one that runs included; below 0 all are. Docker counts the same way.</summary>
    public int TaskHistoryLimit { get; init; } = 5;

    /// <summary>Log entries between snapshots.</summary>
    public ulong SnapshotInterval { get; init; } = 10_000;
    public TimeSpan HeartbeatPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Node certificates live this long; Docker's default is 90 days.</summary>
    public TimeSpan CertificateExpiry { get; init; } = TimeSpan.FromDays(90);
    public bool Autolock { get; init; }

    /// <summary>The blocks that networks get their IPv4 subnets from, in CIDR notation. The default holds 32,768 subnets and none of Docker's.</summary>
    public ValueList<string> DefaultAddressPools { get; init; } = ["10.128.0.0/9"];

    /// <summary>The prefix length of a subnet from <see cref="DefaultAddressPools"/>.</summary>
    public int DefaultAddressPoolMaskLength { get; init; } = 24;
}
