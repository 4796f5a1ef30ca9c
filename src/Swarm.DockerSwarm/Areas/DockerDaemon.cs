using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Control.Hosts;
using Swarm.Control.Planes;
using Swarm.Control.Reading;
using Swarm.Core.Errors;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Plane;
using Swarm.Engine;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>This swarmd, and commands for hosts. The engines of a swarm know each other, but their swarmd do not: each has an authority of its own. Only this host
/// and the configured peers are in reach.</summary>
internal sealed class DockerDaemon(EngineSwarm engine, DockerMirror mirror, DockerPlaneOptions options, TimeProvider time)
    : V1.Daemon.DaemonBase,
        INodeHosts
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly DockerPeers _peers = new(options.Peers, options.Warn, time);

    public override async Task<V1.DaemonInfo> GetDaemon(V1.GetDaemonRequest request, ServerCallContext context)
    {
        var daemon = new V1.DaemonInfo
        {
            Version = SwarmdVersion.Text,
            Hostname = options.Hostname,
            Executor = "Docker",
            Pid = Environment.ProcessId,
            StartedAt = Timestamp.FromDateTimeOffset(_startedAt),
            ControlPlane = ControlPlaneLimits.Docker,
        };
        JsonObject? swarm;
        try
        {
            var info = await engine.InfoAsync(context.CancellationToken);
            daemon.Hostname = info.Text("Name") is { Length: > 0 } name ? name : daemon.Hostname;
            swarm = info.Object("Swarm");
        }
        catch (Exception e) when (e is SwarmException or EngineException)
        {
            // The daemon is there, and says what is wrong.
            daemon.State = V1.LocalNodeState.Error;
            daemon.StateMessage = e.Message;
            return daemon;
        }
        daemon.State = swarm.Text("LocalNodeState") switch
        {
            "active" => V1.LocalNodeState.Active,
            "pending" => V1.LocalNodeState.Pending,
            "locked" => V1.LocalNodeState.Locked,
            "error" => V1.LocalNodeState.Error,
            _ => V1.LocalNodeState.Inactive,
        };
        daemon.StateMessage = swarm.Text("Error");
        daemon.NodeId = swarm.Text("NodeID");
        daemon.ClusterId = swarm.Object("Cluster").Text("ID");
        daemon.IsManager = swarm.Flag("ControlAvailable");
        daemon.NodeAddress = swarm.Text("NodeAddr");
        daemon.ManagerAddresses.Add(EngineSwarm.ManagerAddresses(swarm));
        return daemon;
    }

    public override async Task<V1.RunHostCommandResponse> RunHostCommand(V1.RunHostCommandRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        var command = request.Command ?? new V1.HostCommand();
        if (request.Selector.Length == 0)
        {
            // Works before there is a swarm, and without an engine.
            return HostAnswers.Respond(await options.HostCommands(command, cancellation), mirror.SelfId, options.Hostname);
        }
        await mirror.RefreshAsync(cancellation);
        var node = mirror.Store.Read(state => Selectors.Node(state, request.Selector));
        return HostAnswers.Respond(await RunAsync(node.Id, node.Name, command, cancellation), node.Id, node.Name);
    }

    /// <inheritdoc/>
    public Task<V1.HostAnswer> RunAsync(string nodeId, string nodeName, V1.HostCommand command, CancellationToken cancellation) =>
        nodeId == mirror.SelfId ? options.HostCommands(command, cancellation) : _peers.RunAsync(nodeId, nodeName, command, cancellation);
}
