using Swarm.Agent.Executors;
using Swarm.Control.Planes;
using Swarm.Daemon.Configuration;
using Swarm.DataPlane;
using Swarm.Host.Commands;
using Swarm.Host.Systems;
using Swarm.Storage;

namespace Swarm.Daemon.Membership;

/// <summary>The environment of a node, which its host provides.</summary>
internal sealed record NodeRuntimeOptions
{
    /// <summary>Makes what answers the control API on the node.</summary>
    public required Func<NodeRuntime, NodeRuntimeOptions, IControlPlane> CreatePlane { get; init; }

    public required DaemonOptions Daemon { get; init; }
    public required StateDirectory Directory { get; init; }

    /// <summary>Creates the executor of a membership, given cluster id and node id.</summary>
    public required Func<string, string, ITaskExecutor> CreateExecutor { get; init; }

    /// <summary>Creates the node's data plane, for a cluster, a node and the node's address; null: its tasks publish no ports.</summary>
    public Func<string, string, string, IDataPlane?> CreateDataPlane { get; init; } = (_, _, _) => null;

    /// <summary>Name of the executor that <see cref="CreateExecutor"/> creates.</summary>
    public required string ExecutorName { get; init; }
    public required ILoggerFactory LoggerFactory { get; init; }

    /// <summary>Runs commands on this host: firewall, checks.</summary>
    public HostCommands HostCommands { get; init; } = new(new LocalSystem(), TimeProvider.System);

    /// <summary>Called when this process cannot go on (its log cannot be written any more): it should report the reason, end, and be
    /// started again.</summary>
    public Action<Exception> Fatal { get; init; } = static _ => { };
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
