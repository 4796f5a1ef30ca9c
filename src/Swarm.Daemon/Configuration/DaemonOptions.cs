using Swarm.Control.Addresses;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Plane;

namespace Swarm.Daemon.Configuration;

/// <summary>The kind of executor for this node's tasks.</summary>
public enum ExecutorKind
{
    /// <summary>Docker. (The sandbox and the module choose by the machine; a daemon never falls back to processes silently.)</summary>
    Auto,
    Docker,
    Process,
    Simulated,
}

/// <summary>The control plane behind the control API.</summary>
public enum ControlPlaneKind
{
    Builtin,
    Docker,
}

/// <summary>Form of swarmd's log.</summary>
public enum LogFormat
{
    Text,
    Json,
}

/// <summary>The settings of swarmd. <see cref="DaemonOptionsReader"/> reads them.</summary>
public sealed record DaemonOptions
{
    /// <summary>An absolute path.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Absolute path of the Unix socket, or <c>\\.\pipe\name</c> on Windows.</summary>
    public required string Socket { get; init; }

    /// <summary>The address on which the cluster port listens once this node is in a swarm.</summary>
    public required HostAddress Listen { get; init; }

    /// <summary>The address by which other nodes reach this one; null: detected at init and join.</summary>
    public HostAddress? Advertise { get; init; }

    /// <summary>The node's name.</summary>
    public required string Hostname { get; init; }

    /// <summary>Engine labels.</summary>
    public ValueMap Labels { get; init; } = ValueMap.Empty;
    public ExecutorKind Executor { get; init; }

    /// <summary>Engine endpoint (unix:///…, tcp://…, npipe://…); null: DOCKER_HOST, else the platform's default.</summary>
    public string? DockerHost { get; init; }

    /// <summary>Images of the Process executor; null: the ones beside swarmd.</summary>
    public string? ImagesDirectory { get; init; }
    public ControlPlaneKind ControlPlane { get; init; }

    /// <summary>With the docker control plane: the swarmd of other nodes, which run commands on their hosts.</summary>
    public IReadOnlyList<PeerSetting> Peers { get; init; } = [];
    public LogFormat LogFormat { get; init; }
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The time for which a planned stop keeps the node Ready.</summary>
    public TimeSpan RestartGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The resources that the node offers; null: all of the machine.</summary>
    public ResourceAmount? Resources { get; init; }
}
