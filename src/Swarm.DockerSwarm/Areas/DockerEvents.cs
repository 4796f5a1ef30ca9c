using Grpc.Core;
using Swarm.Control.Objects;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>Events of the engine's swarm.</summary>
internal sealed class DockerEvents(SwarmObjects objects, DockerCalls calls) : EventsApi(objects)
{
    public override Task WatchEvents(
        V1.WatchEventsRequest request,
        IServerStreamWriter<V1.Event> responseStream,
        ServerCallContext context
    ) => calls.WatchAsync(context, call => base.WatchEvents(request, responseStream, call));
}
