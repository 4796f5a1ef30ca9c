using Swarm.Control.Addresses;
using Swarm.Control.Hosts;

namespace Swarm.DockerSwarm.Plane;

/// <summary>The docker control plane's settings from its swarmd.</summary>
public sealed record DockerPlaneOptions
{
    /// <summary>The node's name.</summary>
    public required string Hostname { get; init; }

    /// <summary>The address for remote sessions.</summary>
    public required HostAddress Listen { get; init; }

    /// <summary>The address by which other nodes reach this one; null: the engine detects it.</summary>
    public HostAddress? Advertise { get; init; }

    /// <summary>The swarmd of other nodes, which run commands on their hosts.</summary>
    public IReadOnlyList<PeerSetting> Peers { get; init; } = [];

    /// <summary>Told of a peer's key file to which others had rights.</summary>
    public Action<string> Warn { get; init; } = static _ => { };

    /// <summary>Runs a command on this host.</summary>
    public required RunHostCommand HostCommands { get; init; }
}
