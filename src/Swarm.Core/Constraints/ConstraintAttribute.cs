namespace Swarm.Core.Constraints;

/// <summary>The property of a node that a constraint compares.</summary>
/// <remarks>Source: moby/swarmkit manager/constraint/constraint.go.</remarks>
public enum ConstraintAttribute : byte
{
    /// <summary><c>node.id</c></summary>
    NodeId = 0,

    /// <summary><c>node.hostname</c></summary>
    Hostname = 1,

    /// <summary><c>node.role</c>: manager or worker.</summary>
    Role = 2,

    /// <summary><c>node.ip</c>: an address, or a subnet in CIDR notation.</summary>
    Ip = 3,

    /// <summary><c>node.platform.os</c></summary>
    PlatformOs = 4,

    /// <summary><c>node.platform.arch</c></summary>
    PlatformArchitecture = 5,

    /// <summary><c>node.labels.…</c>: set by an administrator.</summary>
    NodeLabel = 6,

    /// <summary><c>engine.labels.…</c>: set where the node's daemon is configured.</summary>
    EngineLabel = 7,
}
