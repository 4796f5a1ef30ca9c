using Grpc.Core;
using Swarm.Control.Objects;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>The objects' areas of a control plane; the others belong to the daemon's hosting and are tested there.</summary>
internal sealed class ObjectsOnlyControlPlane(SwarmObjects objects) : IControlPlane
{
    private readonly ControlAreas _areas = new ControlAreas()
        .Add<V1.Clusters.ClustersBase>(new FaultyClusters())
        .Add<V1.Nodes.NodesBase>(new NodesApi(objects))
        .Add<V1.Services.ServicesBase>(new ServicesApi(objects))
        .Add<V1.Tasks.TasksBase>(new TasksApi(objects))
        .Add<V1.Events.EventsBase>(new EventsApi(objects));

    public string Name => "objects";

    public ValueTask<ControlAreas> ChooseAsync(Type area, CancellationToken cancellation) =>
        _areas.Has(area)
            ? ValueTask.FromResult(_areas)
            : throw new SwarmException(SwarmErrorKind.NotSupported, "NotHere", "Not a part of this test.");

    private sealed class FaultyClusters : V1.Clusters.ClustersBase
    {
        public override Task<V1.Cluster> GetCluster(V1.GetClusterRequest request, ServerCallContext context) =>
            throw new InvalidOperationException("secret internals");
    }
}
