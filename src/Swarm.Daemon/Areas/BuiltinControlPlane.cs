using Swarm.Control.Objects;
using Swarm.Control.Planes;
using Swarm.Daemon.Membership;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Areas;

/// <summary>The control API answered by the built-in orchestrator: by this node's membership, and by its manager while it has one.</summary>
internal sealed class BuiltinControlPlane(NodeRuntime runtime, NodeRuntimeOptions options) : IControlPlane
{
    private readonly ControlAreas _ofNode = new ControlAreas()
        .Add<V1.Daemon.DaemonBase>(new BuiltinDaemon(runtime, options))
        .Add<V1.Membership.MembershipBase>(new BuiltinMembership(runtime, options))
        .Add<V1.Networks.NetworksBase>(new BuiltinNetworks());

    public string Name => ControlPlaneLimits.Builtin;

    public async ValueTask<ControlAreas> ChooseAsync(Type area, CancellationToken cancellation)
    {
        if (_ofNode.Has(area))
        {
            return _ofNode;
        }
        var node = await runtime.RequireManagerAsync(cancellation);
        return node.Areas ??= OfManager(node);
    }

    /// <summary>Streams end when the node leaves or swarmd stops: the stop does not wait for a reader of events.</summary>
    private ControlAreas OfManager(ActiveNode node)
    {
        var objects = node.Manager!.Objects;
        return new ControlAreas { Endings = [node.Stopping, runtime.Stopping] }
            .Add<V1.Clusters.ClustersBase>(new BuiltinClusters(node, options.Time))
            .Add<V1.Nodes.NodesBase>(new NodesApi(objects))
            .Add<V1.Services.ServicesBase>(new BuiltinServices(objects))
            .Add<V1.Tasks.TasksBase>(new TasksApi(objects))
            .Add<V1.Events.EventsBase>(new EventsApi(objects));
    }
}
