using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>A network that spans the swarm, with what was allocated to it.</summary>
public sealed record Network
{
    /// <summary>25 characters, base 36.</summary>
    public required string Id { get; init; }

    /// <summary>Index of the batch that created it.</summary>
    public ulong Version { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required NetworkSpec Spec { get; init; }

    /// <summary>Its subnets, each with its gateway. No other network has an address of them.</summary>
    public ValueList<NetworkSubnet> Subnets { get; init; } = [];

    /// <summary>The id of its tunnels (VXLAN). No other network has it.</summary>
    public required uint TunnelId { get; init; }
}
