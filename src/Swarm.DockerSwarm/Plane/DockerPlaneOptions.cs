using Swarm.Control.Addresses;
using Swarm.Control.Hosts;

namespace Swarm.DockerSwarm.Plane;

/// <summary>What the docker control plane needs to know of its swarmd.</summary>
public sealed record DockerPlaneOptions
{
    /// <summary>The node's name.</summary>
    public required string Hostname { get; init; }

    /// <summary>Where remote sessions are taken.</summary>
    public required HostAddress Listen { get; init; }

    /// <summary>Where other nodes reach this one; null: the engine detects it.</summary>
    public HostAddress? Advertise { get; init; }

    /// <summary>The swarmd of other nodes, to carry out commands on their hosts.</summary>
    public IReadOnlyList<PeerSetting> Peers { get; init; } = [];

    /// <summary>Carries out a command on this host.</summary>
    public required RunHostCommand HostCommands { get; init; }
}
