using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Swarm.Control.Addresses;
using Swarm.Control.Hosts;
using Swarm.Control.Planes;
using Swarm.Protocol.V1;
using Swarm.Wire.Mapping;
using Task = System.Threading.Tasks.Task;

namespace Swarm.Daemon.Membership;

/// <summary>The control API of the built-in orchestrator, answered by this node's membership and by its manager.</summary>
internal sealed class BuiltinControlPlane(NodeRuntime runtime, NodeRuntimeOptions options) : IControlPlane
{
    private readonly DateTimeOffset _startedAt = options.Time.GetUtcNow();

    public string Name => "builtin";

    public Task<DaemonInfo> GetDaemonAsync(CancellationToken cancellation)
    {
        var now = runtime.Now;
        var info = new DaemonInfo
        {
            Version = SwarmdVersion.Text,
            Hostname = options.Daemon.Hostname,
            State = now.State,
            StateMessage = now.Message,
            Executor = now.Active?.ExecutorName ?? options.ExecutorName,
            Pid = Environment.ProcessId,
            StartedAt = Timestamp.FromDateTimeOffset(_startedAt),
            ControlPlane = Name,
        };
        if (now.Active is { } active)
        {
            info.NodeId = active.Record.NodeId;
            info.ClusterId = active.Record.ClusterId;
            info.IsManager = active.Manager is not null;
            info.NodeAddress = HostOf(active.Record.Advertise);
            info.ManagerAddresses.Add(active.ManagerAddresses());
            if (active.SessionTrouble is { } trouble)
            {
                // Docker's "pending" without a reason has puzzled many, so ours has one. As in Docker, a node that was active stays so
                // while no manager answers.
                info.StateMessage = trouble;
                info.State = info.IsManager || active.FirstSession.IsCompleted ? LocalNodeState.Active : LocalNodeState.Pending;
            }
        }
        return Task.FromResult(info);
    }

    public async Task<RunHostCommandResponse> RunHostCommandAsync(RunHostCommandRequest request, CancellationToken cancellation)
    {
        var command = request.Command ?? new HostCommand();
        if (request.Selector.Length == 0)
        {
            var own = await options.HostCommands.RunAsync(command, cancellation);
            return HostAnswers.Respond(own, runtime.Now.Active?.Record.NodeId ?? "", options.Daemon.Hostname);
        }
        var manager = (await runtime.RequireManagerAsync(cancellation)).Manager!;
        var node = await manager.FindNodeAsync(request.Selector, cancellation);
        INodeHosts hosts = manager.Agents;
        return HostAnswers.Respond(await hosts.RunAsync(node.Id, node.Name, command, cancellation), node.Id, node.Name);
    }

    public async Task<InitSwarmResponse> InitSwarmAsync(InitSwarmRequest request, CancellationToken cancellation)
    {
        var active = await runtime.InitAsync(request, cancellation);
        var cluster = new ClusterApi(active, options.Time);
        return new InitSwarmResponse
        {
            NodeId = active.Record.NodeId,
            ClusterId = active.Record.ClusterId,
            Tokens = cluster.GetJoinTokens(),
            UnlockKey = cluster.UnlockKey,
        };
    }

    public async Task<JoinSwarmResponse> JoinSwarmAsync(JoinSwarmRequest request, CancellationToken cancellation)
    {
        var active = await runtime.JoinAsync(request, cancellation);
        return new JoinSwarmResponse
        {
            NodeId = active.Record.NodeId,
            ClusterId = active.Record.ClusterId,
            Role = ProtocolMapping.ToWire(active.Record.Role),
        };
    }

    public async Task<LeaveSwarmResponse> LeaveSwarmAsync(LeaveSwarmRequest request, CancellationToken cancellation)
    {
        await runtime.LeaveAsync(request.RequestId, request.Force, cancellation);
        return new LeaveSwarmResponse();
    }

    public async Task<UnlockSwarmResponse> UnlockSwarmAsync(UnlockSwarmRequest request, CancellationToken cancellation)
    {
        await runtime.UnlockAsync(request.UnlockKey, cancellation);
        return new UnlockSwarmResponse();
    }

    public async Task<Protocol.V1.Cluster> GetClusterAsync(CancellationToken cancellation) =>
        (await ClusterAsync(cancellation)).GetCluster();

    public async Task<Protocol.V1.Cluster> UpdateClusterAsync(UpdateClusterRequest request, CancellationToken cancellation) =>
        await (await ClusterAsync(cancellation)).UpdateClusterAsync(request, cancellation);

    public async Task<JoinTokens> GetJoinTokensAsync(CancellationToken cancellation) => (await ClusterAsync(cancellation)).GetJoinTokens();

    public async Task<JoinTokens> RotateJoinTokenAsync(RotateJoinTokenRequest request, CancellationToken cancellation) =>
        await (await ClusterAsync(cancellation)).RotateJoinTokenAsync(request, cancellation);

    public async Task<UnlockKey> GetUnlockKeyAsync(CancellationToken cancellation) =>
        new() { UnlockKey_ = (await ClusterAsync(cancellation)).UnlockKey };

    public async Task<UnlockKey> RotateUnlockKeyAsync(RotateUnlockKeyRequest request, CancellationToken cancellation) =>
        await (await ClusterAsync(cancellation)).RotateUnlockKeyAsync(request, cancellation);

    public async Task<IssueClientCertificateResponse> IssueClientCertificateAsync(
        IssueClientCertificateRequest request,
        CancellationToken cancellation
    ) => (await ClusterAsync(cancellation)).IssueClientCertificate(request);

    // -- nodes, services, tasks: answered by the manager

    public IAsyncEnumerable<Protocol.V1.Node> ListNodesAsync(ListNodesRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.ListNodesAsync(request, stop), cancellation);

    public Task<UpdateNodeResponse> UpdateNodeAsync(UpdateNodeRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.UpdateNodeAsync(request, cancellation), cancellation);

    public Task<RemoveNodeResponse> RemoveNodeAsync(RemoveNodeRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.RemoveNodeAsync(request, cancellation), cancellation);

    public Task<CreateServiceResponse> CreateServiceAsync(CreateServiceRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.CreateServiceAsync(Supported(request, request.Spec, "New-SwarmService"), cancellation), cancellation);

    public IAsyncEnumerable<Protocol.V1.Service> ListServicesAsync(ListServicesRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.ListServicesAsync(request, stop), cancellation);

    public Task<UpdateServiceResponse> UpdateServiceAsync(UpdateServiceRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.UpdateServiceAsync(Supported(request, request.Spec, "Set-SwarmService"), cancellation), cancellation);

    public Task<ScaleServicesResponse> ScaleServicesAsync(ScaleServicesRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.ScaleServicesAsync(request, cancellation), cancellation);

    public Task<UpdateServiceResponse> RollbackServiceAsync(RollbackServiceRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.RollbackServiceAsync(request, cancellation), cancellation);

    public Task<RemoveServiceResponse> RemoveServiceAsync(RemoveServiceRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.RemoveServiceAsync(request, cancellation), cancellation);

    public IAsyncEnumerable<Protocol.V1.ServiceRevision> ListServiceRevisionsAsync(
        ListServiceRevisionsRequest request,
        CancellationToken cancellation
    ) => StreamAsync((o, stop) => o.ListServiceRevisionsAsync(request, stop), cancellation);

    public IAsyncEnumerable<ServiceProgress> WaitServicesAsync(WaitServicesRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.WaitServicesAsync(request, stop), cancellation);

    public IAsyncEnumerable<Protocol.V1.Task> ListTasksAsync(ListTasksRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.ListTasksAsync(request, stop), cancellation);

    public Task<StopTaskResponse> StopTaskAsync(StopTaskRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.StopTaskAsync(request, cancellation), cancellation);

    public IAsyncEnumerable<NodePlacement> TestPlacementAsync(TestPlacementRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.TestPlacementAsync(request, stop), cancellation);

    public IAsyncEnumerable<NodeProgress> WaitNodeAsync(WaitNodeRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.WaitNodeAsync(request, stop), cancellation);

    public IAsyncEnumerable<StopProgress> WaitTaskAsync(WaitTaskRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.WaitTaskAsync(request, stop), cancellation);

    public IAsyncEnumerable<Event> WatchEventsAsync(WatchEventsRequest request, CancellationToken cancellation) =>
        StreamAsync((o, stop) => o.WatchEventsAsync(request, stop), cancellation);

    // -- networks: not built yet

    public Task<Network> CreateNetworkAsync(CreateNetworkRequest request, CancellationToken cancellation) =>
        throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, "New-SwarmNetwork");

    public IAsyncEnumerable<Network> ListNetworksAsync(ListNetworksRequest request, CancellationToken cancellation) =>
        throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, "Get-SwarmNetwork");

    public Task<RemoveNetworkResponse> RemoveNetworkAsync(RemoveNetworkRequest request, CancellationToken cancellation) =>
        throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, "Remove-SwarmNetwork");

    private static T Supported<T>(T request, ServiceSpec? spec, string cmdlet) =>
        spec?.Networks.Count > 0 ? throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, cmdlet + " -Network")
        : spec?.Ports.Count > 0 ? throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, cmdlet + " -Publish")
        : request;

    private static string HostOf(string address) =>
        HostAddress.TryParse(address, HostAddress.ClusterPort, out var parsed) ? parsed.Host : address;

    private async Task<ClusterApi> ClusterAsync(CancellationToken cancellation) =>
        new(await runtime.RequireManagerAsync(cancellation), options.Time);

    private async Task<T> CallAsync<T>(Func<IObjectApi, Task<T>> call, CancellationToken cancellation) =>
        await call((await runtime.RequireManagerAsync(cancellation)).Manager!.Objects);

    /// <summary>Streams end with the caller, and when this node leaves or stops: its stop does not wait for a reader of events.</summary>
    private async IAsyncEnumerable<T> StreamAsync<T>(
        Func<IObjectApi, CancellationToken, IAsyncEnumerable<T>> stream,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var active = await runtime.RequireManagerAsync(cancellation);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, active.Stopping, runtime.Stopping);
        await foreach (var item in stream(active.Manager!.Objects, either.Token))
        {
            yield return item;
        }
    }
}
