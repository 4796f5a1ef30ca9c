using System.Net;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Docker;
using Swarm.Agent.Executors.Process;
using Swarm.Agent.Executors.Simulated;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Membership;
using Swarm.DataPlane;
using Swarm.DataPlane.UserSpace;
using Swarm.Host.Processes;
using Swarm.Storage;

namespace Swarm.Daemon.Hosting;

/// <summary>Creates the executor that the configuration names, for a node of a swarm.</summary>
internal sealed class ExecutorFactory(DaemonOptions options, TimeProvider time)
{
    /// <summary>The longest time that a simulated task takes to become ready, to start or to stop.</summary>
    private static readonly TimeSpan SimulatedLatency = TimeSpan.FromMilliseconds(50);

    /// <summary>The simulated machine outlives the memberships of its node, as a real one does.</summary>
    private readonly Lazy<SimulatedHost> _simulated = new(() =>
        SimulatedHost.Random(time, Random.Shared.Next(), SimulatedLatency, resumes: true)
    );

    /// <summary>Docker, Process or Simulated. Auto means Docker: a daemon never falls back to processes by itself.</summary>
    public string Name => options.Executor == ExecutorKind.Auto ? nameof(ExecutorKind.Docker) : options.Executor.ToString();

    /// <summary>The path of published ports to the tasks of this node. Null: the node's address is a name, and nothing can listen on that.</summary>
    public IDataPlane? CreateDataPlane(string clusterId, string nodeId, string address, ILoggerFactory loggers) =>
        options.Executor == ExecutorKind.Simulated ? new SimulatedDataPlane(address)
        : !IPAddress.TryParse(address, out _) ? null
        : new UserSpaceDataPlane(
            new UserSpaceOptions
            {
                ClusterId = clusterId,
                NodeId = nodeId,
                Address = address,
                TasksAreContainers = options.Executor != ExecutorKind.Process,
                Time = time,
                LoggerFactory = loggers,
            }
        );

    /// <exception cref="SwarmException">The executor does not exist on this platform.</exception>
    public ITaskExecutor Create(string clusterId, string nodeId, StateDirectory directory)
    {
        var node = new ExecutorNode
        {
            ClusterId = clusterId,
            NodeId = nodeId,
            Hostname = options.Hostname,
            Labels = options.Labels,
            Resources = options.Resources,
            SwarmdVersion = SwarmdVersion.Text,
        };
        switch (options.Executor)
        {
            case ExecutorKind.Process:
                var process = new ProcessExecutorOptions
                {
                    Node = node,
                    TasksDirectory = directory.CreateSubdirectory(MembershipStore.ProcessDirectory),
                    OrphanAdopter = [.. SwarmdProgram.Command, OrphanAdopter.Verb],
                    SampleServer = [.. SwarmdProgram.Command, SampleServer.Verb],
                };
                return new ProcessExecutor(
                    options.ImagesDirectory is { } images ? process with { ImagesDirectory = images } : process,
                    time
                );
            case ExecutorKind.Simulated:
                return new SimulatedExecutor(node, _simulated.Value);
            default:
                return new DockerExecutor(
                    new DockerExecutorOptions { Node = node, Endpoint = options.DockerHost is { } host ? new Uri(host) : null },
                    time
                );
        }
    }
}
