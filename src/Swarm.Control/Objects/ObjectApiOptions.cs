
namespace Swarm.Control.Objects;

/// <summary>The API's settings from the node that it runs on.</summary>
public sealed record ObjectApiOptions
{
    /// <summary>The id of this node.</summary>
    public required string NodeId { get; init; }

    /// <summary>host:port by which the other nodes reach this manager.</summary>
    public required string ClusterAddress { get; init; }
    public required ResolveImage ResolveImage { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>The time that a call waits for a leader before it fails with NoLeader.</summary>
    public required TimeSpan LeaderWait { get; init; }
}
