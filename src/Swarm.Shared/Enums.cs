namespace Swarm;

public enum NodeState
{
    Unknown = 0,
    Down = 1,
    Ready = 2,
    Disconnected = 3,
}

public enum NodeAvailability
{
    Active = 0,
    Pause = 1,
    Drain = 2,
}

public enum NodeRole
{
    Worker = 0,
    Manager = 1,
}

public enum ManagerReachability
{
    None = 0,
    Leader = 1,
    Reachable = 2,
    Unreachable = 3,
}

/// <summary>Docker's task states, in order. A task only ever moves forward.</summary>
public enum TaskState
{
    Unspecified = 0,
    New = 1,
    Pending = 2,
    Assigned = 3,
    Accepted = 4,
    Preparing = 5,
    Ready = 6,
    Starting = 7,
    Running = 8,
    Complete = 9,
    Shutdown = 10,
    Failed = 11,
    Rejected = 12,
    Remove = 13,
    Orphaned = 14,
}

public enum ServiceMode
{
    Replicated = 0,
    Global = 1,
}

public enum RestartCondition
{
    Any = 0,
    OnFailure = 1,
    None = 2,
}

public enum FailureAction
{
    Pause = 0,
    Continue = 1,
    Rollback = 2,
}

public enum UpdateOrder
{
    StopFirst = 0,
    StartFirst = 1,
}

public enum UpdateState
{
    None = 0,
    Updating = 1,
    Paused = 2,
    Completed = 3,
    RollbackStarted = 4,
    RollbackPaused = 5,
    RollbackCompleted = 6,
}

public enum MountType
{
    Bind = 0,
    Volume = 1,
    Tmpfs = 2,
}

/// <summary>Whether this daemon is part of a swarm.</summary>
public enum LocalNodeState
{
    Inactive = 0,
    Pending = 1,
    Active = 2,
    Error = 3,
    Locked = 4,
}

/// <summary>The executor of a sandbox's tasks. Auto takes Docker when an engine answers, else Process.</summary>
public enum SandboxExecutor
{
    Auto = 0,
    Docker = 1,
    Process = 2,
}

public enum EventKind
{
    Cluster = 0,
    Node = 1,
    Service = 2,
    Task = 3,
}

public enum FirewallProvider
{
    /// <summary>The active firewall is used.</summary>
    Auto = 0,
    Firewalld = 1,
    Ufw = 2,
    Nftables = 3,
    Iptables = 4,

    /// <summary>Windows Firewall.</summary>
    Windows = 5,

    /// <summary>No firewall filters.</summary>
    None = 6,
}

public enum FirewallRuleState
{
    Closed = 0,
    Open = 1,

    /// <summary>An administrator's rule closes exactly this port.</summary>
    Blocked = 2,
}

/// <summary>The origin of the rule that opens a port. Default: the firewall accepts without a rule.</summary>
public enum FirewallOpener
{
    None = 0,
    Swarm = 1,
    Administrator = 2,
    Default = 3,
}

public enum HostCheckStatus
{
    Passed = 0,
    Warning = 1,
    Failed = 2,
}

/// <summary>The source of an engine's packages.</summary>
public enum EngineSource
{
    Auto = 0,
    Docker = 1,
    Distribution = 2,
}
