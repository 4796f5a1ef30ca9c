using Grpc.Core;
using Swarm.Control.Objects;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The tasks of the engine's swarm.</summary>
internal sealed class DockerTasks(SwarmObjects objects, DockerCalls calls) : TasksApi(objects)
{
    public override async Task ListTasks(
        V1.ListTasksRequest request,
        IServerStreamWriter<V1.Task> responseStream,
        ServerCallContext context
    )
    {
        await calls.BeginListAsync(context);
        await base.ListTasks(request, responseStream, context);
    }

    public override async Task<V1.StopTaskResponse> StopTask(V1.StopTaskRequest request, ServerCallContext context)
    {
        await calls.BeginAsync(context);
        return await base.StopTask(request, context);
    }

    public override async Task TestPlacement(
        V1.TestPlacementRequest request,
        IServerStreamWriter<V1.NodePlacement> responseStream,
        ServerCallContext context
    )
    {
        await calls.BeginListAsync(context);
        await base.TestPlacement(request, responseStream, context);
    }

    public override Task WaitTask(
        V1.WaitTaskRequest request,
        IServerStreamWriter<V1.StopProgress> responseStream,
        ServerCallContext context
    ) => calls.WatchAsync(context, call => base.WaitTask(request, responseStream, call));
}
