using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>The objects' part of a control plane; the cluster's part belongs to the daemon's hosting and is tested there.</summary>
internal sealed class ObjectsOnlyControlPlane(IObjectApi objects) : IControlPlane
{
    private static SwarmException Absent => new(SwarmErrorKind.NotSupported, "NotHere", "Not a part of this test.");

    public string Name => "objects";

    public Task<DaemonInfo> GetDaemonAsync(CancellationToken cancellation) => throw Absent;

    public Task<RunHostCommandResponse> RunHostCommandAsync(RunHostCommandRequest request, CancellationToken cancellation) => throw Absent;

    public Task<InitSwarmResponse> InitSwarmAsync(InitSwarmRequest request, CancellationToken cancellation) => throw Absent;

    public Task<JoinSwarmResponse> JoinSwarmAsync(JoinSwarmRequest request, CancellationToken cancellation) => throw Absent;

    public Task<LeaveSwarmResponse> LeaveSwarmAsync(LeaveSwarmRequest request, CancellationToken cancellation) => throw Absent;

    public Task<Cluster> GetClusterAsync(CancellationToken cancellation) => throw new InvalidOperationException("secret internals");

    public Task<Cluster> UpdateClusterAsync(UpdateClusterRequest request, CancellationToken cancellation) => throw Absent;

    public Task<JoinTokens> GetJoinTokensAsync(CancellationToken cancellation) => throw Absent;

    public Task<JoinTokens> RotateJoinTokenAsync(RotateJoinTokenRequest request, CancellationToken cancellation) => throw Absent;

    public Task<UnlockSwarmResponse> UnlockSwarmAsync(UnlockSwarmRequest request, CancellationToken cancellation) => throw Absent;

    public Task<UnlockKey> GetUnlockKeyAsync(CancellationToken cancellation) => throw Absent;

    public Task<UnlockKey> RotateUnlockKeyAsync(RotateUnlockKeyRequest request, CancellationToken cancellation) => throw Absent;

    public Task<IssueClientCertificateResponse> IssueClientCertificateAsync(
        IssueClientCertificateRequest request,
        CancellationToken cancellation
    ) => throw Absent;

    public Task<Network> CreateNetworkAsync(CreateNetworkRequest request, CancellationToken cancellation) => throw Absent;

    public IAsyncEnumerable<Network> ListNetworksAsync(ListNetworksRequest request, CancellationToken cancellation) => throw Absent;

    public Task<RemoveNetworkResponse> RemoveNetworkAsync(RemoveNetworkRequest request, CancellationToken cancellation) => throw Absent;

    public IAsyncEnumerable<Node> ListNodesAsync(ListNodesRequest request, CancellationToken cancellation) =>
        objects.ListNodesAsync(request, cancellation);

    public Task<UpdateNodeResponse> UpdateNodeAsync(UpdateNodeRequest request, CancellationToken cancellation) =>
        objects.UpdateNodeAsync(request, cancellation);

    public Task<RemoveNodeResponse> RemoveNodeAsync(RemoveNodeRequest request, CancellationToken cancellation) =>
        objects.RemoveNodeAsync(request, cancellation);

    public Task<CreateServiceResponse> CreateServiceAsync(CreateServiceRequest request, CancellationToken cancellation) =>
        objects.CreateServiceAsync(request, cancellation);

    public IAsyncEnumerable<Service> ListServicesAsync(ListServicesRequest request, CancellationToken cancellation) =>
        objects.ListServicesAsync(request, cancellation);

    public Task<UpdateServiceResponse> UpdateServiceAsync(UpdateServiceRequest request, CancellationToken cancellation) =>
        objects.UpdateServiceAsync(request, cancellation);

    public Task<ScaleServicesResponse> ScaleServicesAsync(ScaleServicesRequest request, CancellationToken cancellation) =>
        objects.ScaleServicesAsync(request, cancellation);

    public Task<UpdateServiceResponse> RollbackServiceAsync(RollbackServiceRequest request, CancellationToken cancellation) =>
        objects.RollbackServiceAsync(request, cancellation);

    public Task<RemoveServiceResponse> RemoveServiceAsync(RemoveServiceRequest request, CancellationToken cancellation) =>
        objects.RemoveServiceAsync(request, cancellation);

    public IAsyncEnumerable<ServiceRevision> ListServiceRevisionsAsync(
        ListServiceRevisionsRequest request,
        CancellationToken cancellation
    ) => objects.ListServiceRevisionsAsync(request, cancellation);

    public IAsyncEnumerable<ServiceProgress> WaitServicesAsync(WaitServicesRequest request, CancellationToken cancellation) =>
        objects.WaitServicesAsync(request, cancellation);

    public IAsyncEnumerable<Protocol.V1.Task> ListTasksAsync(ListTasksRequest request, CancellationToken cancellation) =>
        objects.ListTasksAsync(request, cancellation);

    public Task<StopTaskResponse> StopTaskAsync(StopTaskRequest request, CancellationToken cancellation) =>
        objects.StopTaskAsync(request, cancellation);

    public IAsyncEnumerable<NodePlacement> TestPlacementAsync(TestPlacementRequest request, CancellationToken cancellation) =>
        objects.TestPlacementAsync(request, cancellation);

    public IAsyncEnumerable<NodeProgress> WaitNodeAsync(WaitNodeRequest request, CancellationToken cancellation) =>
        objects.WaitNodeAsync(request, cancellation);

    public IAsyncEnumerable<StopProgress> WaitTaskAsync(WaitTaskRequest request, CancellationToken cancellation) =>
        objects.WaitTaskAsync(request, cancellation);

    public IAsyncEnumerable<Event> WatchEventsAsync(WatchEventsRequest request, CancellationToken cancellation) =>
        objects.WatchEventsAsync(request, cancellation);
}
