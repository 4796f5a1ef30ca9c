using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Control.Hosts;
using Swarm.Control.Planes;
using Swarm.Daemon.Membership;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Areas;

/// <summary>The API's area of swarmd itself, in or outside a swarm, and of commands for hosts.</summary>
internal sealed class BuiltinDaemon(NodeRuntime runtime, NodeRuntimeOptions options) : V1.Daemon.DaemonBase
{
    private readonly DateTimeOffset _startedAt = options.Time.GetUtcNow();

    public override Task<V1.DaemonInfo> GetDaemon(V1.GetDaemonRequest request, ServerCallContext context)
    {
        var now = runtime.Now;
        var info = new V1.DaemonInfo
        {
            Version = SwarmdVersion.Text,
            Hostname = options.Daemon.Hostname,
            State = now.State,
            StateMessage = now.Message,
            Executor = now.Active?.ExecutorName ?? options.ExecutorName,
            Pid = Environment.ProcessId,
            StartedAt = Timestamp.FromDateTimeOffset(_startedAt),
            ControlPlane = ControlPlaneLimits.Builtin,
        };
        if (now.Active is { } active)
        {
            info.NodeId = active.Record.NodeId;
            info.ClusterId = active.Record.ClusterId;
            info.IsManager = active.Manager is not null;
            info.NodeAddress = HostOf(active.Record.Advertise);
            info.ManagerAddresses.Add(active.ManagerAddresses());
            if (active.Health.Message is { } trouble)
            {
                // Docker's "pending" without a reason has puzzled many: ours says why. As there, a node that was active once stays so while no manager answers.
                // It does not while certificates are refused: no manager will answer by itself.
                info.StateMessage = trouble;
                var wasActive = info.IsManager || active.Health.FirstSession.IsCompleted;
                info.State = wasActive && !active.Health.IsRefused ? V1.LocalNodeState.Active : V1.LocalNodeState.Pending;
            }
        }
        return Task.FromResult(info);
    }

    public override async Task<V1.RunHostCommandResponse> RunHostCommand(V1.RunHostCommandRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        var command = request.Command ?? new V1.HostCommand();
        if (request.Selector.Length == 0)
        {
            var own = runtime.Now.Active is { } active
                ? await active.RunHostCommandAsync(command, cancellation)
                : await options.HostCommands.RunAsync(command, cancellation);
            return HostAnswers.Respond(own, runtime.Now.Active?.Record.NodeId ?? "", options.Daemon.Hostname);
        }
        var manager = (await runtime.RequireManagerAsync(cancellation)).Manager!;
        var node = await manager.FindNodeAsync(request.Selector, cancellation);
        INodeHosts hosts = manager.Agents;
        return HostAnswers.Respond(await hosts.RunAsync(node.Id, node.Name, command, cancellation), node.Id, node.Name);
    }

    private static string HostOf(string address) =>
        HostAddress.TryParse(address, HostAddress.ClusterPort, out var parsed) ? parsed.Host : address;
}
