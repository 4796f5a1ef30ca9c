using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>A network as a node that has a task on it knows it.</summary>
public sealed record ForwardedNetwork
{
    public required string NetworkId { get; init; }

    /// <summary>Its name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The id of its tunnels (VXLAN).</summary>
    public required uint TunnelId { get; init; }

    /// <summary>In CIDR notation; one, or two with IPv6.</summary>
    public ValueList<string> Subnets { get; init; } = [];

    /// <summary>Bytes; 0: that of the data path, less the overhead.</summary>
    public uint Mtu { get; init; }

    /// <summary>Its tasks have no way out through it.</summary>
    public bool Internal { get; init; }

    /// <summary>The tasks on it, on whichever node, by id.</summary>
    public ValueList<NetworkMember> Members { get; init; } = [];

    /// <summary>The names that its tasks can look up.</summary>
    public ValueList<NetworkName> Names { get; init; } = [];

    /// <summary>The virtual addresses of its services.</summary>
    public ValueList<VirtualAddress> VirtualAddresses { get; init; } = [];
}
