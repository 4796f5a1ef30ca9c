using Swarm.Core.Allocation;
using Swarm.Core.Credentials;
using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.Core.State;

/// <summary>The contents of a <see cref="ClusterState"/> at one index, as plain lists, for a log snapshot.</summary>
public sealed record StateSnapshot
{
    /// <summary>Raised when readers of an older version could no longer understand the format.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;
    public required ulong Index { get; init; }
    public Cluster? Cluster { get; init; }
    public required IReadOnlyList<Node> Nodes { get; init; }
    public required IReadOnlyList<Service> Services { get; init; }
    public required IReadOnlyList<ServiceRevision> Revisions { get; init; }
    public required IReadOnlyList<SwarmTask> Tasks { get; init; }
    public required IReadOnlyList<StateChange.RequestRecord> Requests { get; init; }
    public IReadOnlyList<Network> Networks { get; init; } = [];

    /// <summary>Null: a swarmd without networks wrote the snapshot.</summary>
    public NetworkPoolOrders? Pools { get; init; }
    public IReadOnlyList<IssuedCredential> Credentials { get; init; } = [];
    public IReadOnlyList<RevokedName> RevokedNames { get; init; } = [];

    /// <inheritdoc cref="CredentialSet.ForgottenUntil"/>
    public DateTimeOffset? CredentialsForgottenUntil { get; init; }

    /// <summary>The published port from which the swarm goes on choosing; 0: from the first.</summary>
    public uint NextPort { get; init; }
}
