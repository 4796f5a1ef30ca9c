using Grpc.Core;
using Swarm.Control.Planes;
using Swarm.Protocol.V1;
using Task = System.Threading.Tasks.Task;

namespace Swarm.Daemon.Endpoints;

/// <summary>The gRPC service: forwards every call to the control plane. <see cref="StatusInterceptor"/> converts errors to
/// statuses.</summary>
public sealed class ControlService(IControlPlane plane) : Protocol.V1.Control.ControlBase
{
    public override Task<DaemonInfo> GetDaemon(GetDaemonRequest request, ServerCallContext context) =>
        plane.GetDaemonAsync(context.CancellationToken);

    public override Task<RunHostCommandResponse> RunHostCommand(RunHostCommandRequest request, ServerCallContext context) =>
        plane.RunHostCommandAsync(request, context.CancellationToken);

    public override Task<InitSwarmResponse> InitSwarm(InitSwarmRequest request, ServerCallContext context) =>
        plane.InitSwarmAsync(request, context.CancellationToken);

    public override Task<JoinSwarmResponse> JoinSwarm(JoinSwarmRequest request, ServerCallContext context) =>
        plane.JoinSwarmAsync(request, context.CancellationToken);

    public override Task<LeaveSwarmResponse> LeaveSwarm(LeaveSwarmRequest request, ServerCallContext context) =>
        plane.LeaveSwarmAsync(request, context.CancellationToken);

    public override Task<Cluster> GetCluster(GetClusterRequest request, ServerCallContext context) =>
        plane.GetClusterAsync(context.CancellationToken);

    public override Task<Cluster> UpdateCluster(UpdateClusterRequest request, ServerCallContext context) =>
        plane.UpdateClusterAsync(request, context.CancellationToken);

    public override Task<JoinTokens> GetJoinTokens(GetJoinTokensRequest request, ServerCallContext context) =>
        plane.GetJoinTokensAsync(context.CancellationToken);

    public override Task<JoinTokens> RotateJoinToken(RotateJoinTokenRequest request, ServerCallContext context) =>
        plane.RotateJoinTokenAsync(request, context.CancellationToken);

    public override Task<UnlockSwarmResponse> UnlockSwarm(UnlockSwarmRequest request, ServerCallContext context) =>
        plane.UnlockSwarmAsync(request, context.CancellationToken);

    public override Task<UnlockKey> GetUnlockKey(GetUnlockKeyRequest request, ServerCallContext context) =>
        plane.GetUnlockKeyAsync(context.CancellationToken);

    public override Task<UnlockKey> RotateUnlockKey(RotateUnlockKeyRequest request, ServerCallContext context) =>
        plane.RotateUnlockKeyAsync(request, context.CancellationToken);

    public override Task<IssueClientCertificateResponse> IssueClientCertificate(
        IssueClientCertificateRequest request,
        ServerCallContext context
    ) => plane.IssueClientCertificateAsync(request, context.CancellationToken);

    public override Task ListNodes(ListNodesRequest request, IServerStreamWriter<Node> responseStream, ServerCallContext context) =>
        SendAsync(plane.ListNodesAsync(request, context.CancellationToken), responseStream, context);

    public override Task<UpdateNodeResponse> UpdateNode(UpdateNodeRequest request, ServerCallContext context) =>
        plane.UpdateNodeAsync(request, context.CancellationToken);

    public override Task<RemoveNodeResponse> RemoveNode(RemoveNodeRequest request, ServerCallContext context) =>
        plane.RemoveNodeAsync(request, context.CancellationToken);

    public override Task<CreateServiceResponse> CreateService(CreateServiceRequest request, ServerCallContext context) =>
        plane.CreateServiceAsync(request, context.CancellationToken);

    public override Task ListServices(
        ListServicesRequest request,
        IServerStreamWriter<Service> responseStream,
        ServerCallContext context
    ) => SendAsync(plane.ListServicesAsync(request, context.CancellationToken), responseStream, context);

    public override Task<UpdateServiceResponse> UpdateService(UpdateServiceRequest request, ServerCallContext context) =>
        plane.UpdateServiceAsync(request, context.CancellationToken);

    public override Task<ScaleServicesResponse> ScaleServices(ScaleServicesRequest request, ServerCallContext context) =>
        plane.ScaleServicesAsync(request, context.CancellationToken);

    public override Task<UpdateServiceResponse> RollbackService(RollbackServiceRequest request, ServerCallContext context) =>
        plane.RollbackServiceAsync(request, context.CancellationToken);

    public override Task<RemoveServiceResponse> RemoveService(RemoveServiceRequest request, ServerCallContext context) =>
        plane.RemoveServiceAsync(request, context.CancellationToken);

    public override Task ListServiceRevisions(
        ListServiceRevisionsRequest request,
        IServerStreamWriter<ServiceRevision> responseStream,
        ServerCallContext context
    ) => SendAsync(plane.ListServiceRevisionsAsync(request, context.CancellationToken), responseStream, context);

    public override Task WaitServices(
        WaitServicesRequest request,
        IServerStreamWriter<ServiceProgress> responseStream,
        ServerCallContext context
    ) => SendAsync(plane.WaitServicesAsync(request, context.CancellationToken), responseStream, context);

    public override Task ListTasks(
        ListTasksRequest request,
        IServerStreamWriter<Protocol.V1.Task> responseStream,
        ServerCallContext context
    ) => SendAsync(plane.ListTasksAsync(request, context.CancellationToken), responseStream, context);

    public override Task<StopTaskResponse> StopTask(StopTaskRequest request, ServerCallContext context) =>
        plane.StopTaskAsync(request, context.CancellationToken);

    public override Task TestPlacement(
        TestPlacementRequest request,
        IServerStreamWriter<NodePlacement> responseStream,
        ServerCallContext context
    ) => SendAsync(plane.TestPlacementAsync(request, context.CancellationToken), responseStream, context);

    public override Task<Network> CreateNetwork(CreateNetworkRequest request, ServerCallContext context) =>
        plane.CreateNetworkAsync(request, context.CancellationToken);

    public override Task ListNetworks(
        ListNetworksRequest request,
        IServerStreamWriter<Network> responseStream,
        ServerCallContext context
    ) => SendAsync(plane.ListNetworksAsync(request, context.CancellationToken), responseStream, context);

    public override Task<RemoveNetworkResponse> RemoveNetwork(RemoveNetworkRequest request, ServerCallContext context) =>
        plane.RemoveNetworkAsync(request, context.CancellationToken);

    public override Task WaitNode(WaitNodeRequest request, IServerStreamWriter<NodeProgress> responseStream, ServerCallContext context) =>
        SendAsync(plane.WaitNodeAsync(request, context.CancellationToken), responseStream, context);

    public override Task WaitTask(WaitTaskRequest request, IServerStreamWriter<StopProgress> responseStream, ServerCallContext context) =>
        SendAsync(plane.WaitTaskAsync(request, context.CancellationToken), responseStream, context);

    public override Task WatchEvents(WatchEventsRequest request, IServerStreamWriter<Event> responseStream, ServerCallContext context) =>
        SendAsync(plane.WatchEventsAsync(request, context.CancellationToken), responseStream, context);

    private static async Task SendAsync<T>(IAsyncEnumerable<T> objects, IServerStreamWriter<T> stream, ServerCallContext context)
    {
        await foreach (var message in objects.WithCancellation(context.CancellationToken))
        {
            await stream.WriteAsync(message, context.CancellationToken);
        }
    }
}
