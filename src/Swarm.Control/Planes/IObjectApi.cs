using Swarm.Core.Errors;
using Swarm.Protocol.V1;

namespace Swarm.Control.Planes;

/// <summary>The part of the control API for nodes, services and tasks, answered by a manager from applied state.</summary>
/// <remarks>Messages are the protocol's. Errors are <see cref="SwarmException"/>s, which the hosting converts to statuses and
/// trailers.</remarks>
public interface IObjectApi
{
    IAsyncEnumerable<Node> ListNodesAsync(ListNodesRequest request, CancellationToken cancellation);

    Task<UpdateNodeResponse> UpdateNodeAsync(UpdateNodeRequest request, CancellationToken cancellation);

    Task<RemoveNodeResponse> RemoveNodeAsync(RemoveNodeRequest request, CancellationToken cancellation);

    Task<CreateServiceResponse> CreateServiceAsync(CreateServiceRequest request, CancellationToken cancellation);

    IAsyncEnumerable<Service> ListServicesAsync(ListServicesRequest request, CancellationToken cancellation);

    Task<UpdateServiceResponse> UpdateServiceAsync(UpdateServiceRequest request, CancellationToken cancellation);

    Task<ScaleServicesResponse> ScaleServicesAsync(ScaleServicesRequest request, CancellationToken cancellation);

    Task<UpdateServiceResponse> RollbackServiceAsync(RollbackServiceRequest request, CancellationToken cancellation);

    Task<RemoveServiceResponse> RemoveServiceAsync(RemoveServiceRequest request, CancellationToken cancellation);

    IAsyncEnumerable<ServiceRevision> ListServiceRevisionsAsync(ListServiceRevisionsRequest request, CancellationToken cancellation);

    IAsyncEnumerable<ServiceProgress> WaitServicesAsync(WaitServicesRequest request, CancellationToken cancellation);

    IAsyncEnumerable<Protocol.V1.Task> ListTasksAsync(ListTasksRequest request, CancellationToken cancellation);

    Task<StopTaskResponse> StopTaskAsync(StopTaskRequest request, CancellationToken cancellation);

    IAsyncEnumerable<NodePlacement> TestPlacementAsync(TestPlacementRequest request, CancellationToken cancellation);

    IAsyncEnumerable<NodeProgress> WaitNodeAsync(WaitNodeRequest request, CancellationToken cancellation);

    IAsyncEnumerable<StopProgress> WaitTaskAsync(WaitTaskRequest request, CancellationToken cancellation);

    IAsyncEnumerable<Event> WatchEventsAsync(WatchEventsRequest request, CancellationToken cancellation);
}
