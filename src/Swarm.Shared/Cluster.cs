namespace Swarm;

/// <summary>The swarm as the answering node sees it.</summary>
public sealed class Cluster
{
    public string Id { get; set; } = "";

    /// <summary>Whether the daemon is part of a swarm.</summary>
    public LocalNodeState State { get; set; }

    /// <summary>Why it is pending, locked or in error.</summary>
    public string StateMessage { get; set; } = "";
    public string NodeId { get; set; } = "";
    public string NodeAddress { get; set; } = "";
    public bool IsManager { get; set; }
    public string[] ManagerAddresses { get; set; } = [];
    public int Managers { get; set; }
    public int Nodes { get; set; }
    public int TaskHistoryLimit { get; set; }
    public long SnapshotInterval { get; set; }
    public int HeartbeatTick { get; set; }
    public int ElectionTick { get; set; }
    public TimeSpan HeartbeatPeriod { get; set; }
    public TimeSpan CertificateExpiry { get; set; }
    public bool AutoLock { get; set; }

    /// <summary>SHA-256 of the root certificate, hex.</summary>
    public string CaFingerprint { get; set; } = "";
    public DateTime? CaExpiresAt { get; set; }
    public DateTime? CreatedAt { get; set; }
    public DateTime? UpdatedAt { get; set; }
    public long Version { get; set; }
    public string Hostname { get; set; } = "";
    public string DaemonVersion { get; set; } = "";
    public string Executor { get; set; } = "";

    /// <summary>builtin or docker.</summary>
    public string ControlPlane { get; set; } = "";

    public override string ToString() => Id;
}

/// <summary>The output of Initialize-Swarm; the join commands are ready to paste.</summary>
public sealed class InitializeResult
{
    public string NodeId { get; set; } = "";
    public string ClusterId { get; set; } = "";
    public string ManagerAddress { get; set; } = "";
    public string WorkerToken { get; set; } = "";
    public string ManagerToken { get; set; } = "";
    public string WorkerJoinCommand { get; set; } = "";
    public string ManagerJoinCommand { get; set; } = "";

    /// <summary>Set only for a swarm made with -AutoLock. Keep it: every restart of a manager needs it.</summary>
    public string? UnlockKey { get; set; }
}

/// <summary>The output of Join-Swarm.</summary>
public sealed class JoinResult
{
    public string NodeId { get; set; } = "";
    public string ClusterId { get; set; } = "";
    public NodeRole Role { get; set; }
}

public sealed class JoinToken
{
    public NodeRole Role { get; set; }
    public string Token { get; set; } = "";
    public string ManagerAddress { get; set; } = "";

    /// <summary>The command to paste on the node that joins.</summary>
    public string JoinCommand { get; set; } = "";

    public override string ToString() => Token;
}

public sealed class UnlockKey
{
    public string Key { get; set; } = "";

    public override string ToString() => Key;
}
