using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>The user's settings of a network. They are fixed when it is created.</summary>
public sealed record NetworkSpec
{
    /// <summary>The only driver of the built-in control plane.</summary>
    public const string Overlay = "overlay";

    public required string Name { get; init; }
    public string Driver { get; init; } = Overlay;
    public ValueMap Labels { get; init; } = ValueMap.Empty;

    /// <summary>Docker's driver options, such as <c>com.docker.network.driver.mtu</c>.</summary>
    public ValueMap Options { get; init; } = ValueMap.Empty;

    /// <summary>Its tasks have no way out through it.</summary>
    public bool Internal { get; init; }

    /// <summary>Standalone containers may be attached to it.</summary>
    public bool Attachable { get; init; }
    public bool IPv6 { get; init; }
    public bool Encrypted { get; init; }

    /// <summary>The subnets that the user asked for. Without an IPv4 subnet, the swarm chooses one.</summary>
    public ValueList<NetworkSubnet> Subnets { get; init; } = [];
}
