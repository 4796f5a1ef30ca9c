namespace Swarm.Control.Objects;

/// <summary>Facts of its node that the API needs.</summary>
public sealed record SwarmObjectsOptions
{
    /// <summary>Of this node.</summary>
    public required Func<string> NodeId { get; init; }

    /// <summary>host:port at which the other nodes reach this manager.</summary>
    public required Func<string> ClusterAddress { get; init; }
    public required ResolveImage ResolveImage { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>The time that a call waits for a leader before it fails with NoLeader.</summary>
    public required TimeSpan LeaderWait { get; init; }
}
