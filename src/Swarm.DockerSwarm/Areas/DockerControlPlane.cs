using Swarm.Control.Objects;
using Swarm.Control.Planes;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Plane;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The control API answered by an engine's swarm. Nodes, services and tasks are answered by the same code as our own swarm's, from the mirrored
/// state. Each call first reads the engine's present objects.</summary>
public sealed class DockerControlPlane : IControlPlane
{
    private readonly ControlAreas _areas;

    public DockerControlPlane(
        EngineClient engine,
        DockerMirror mirror,
        DockerOrchestrator orchestrator,
        DockerAuthority authority,
        DockerPlaneOptions options,
        TimeProvider time,
        CancellationToken stopping
    )
    {
        var objects = new SwarmObjects(
            mirror.Store,
            orchestrator,
            new MirrorLeadership(),
            new SwarmObjectsOptions
            {
                NodeId = () => mirror.SelfId,
                ClusterAddress = () => mirror.Node(mirror.SelfId)?.ManagerStatus.Text("Addr") ?? "",
                ResolveImage = new DockerImages(engine).ResolveAsync,
                Time = time,
                LeaderWait = TimeSpan.Zero,
            }
        );
        var calls = new DockerCalls(mirror, orchestrator, stopping);
        var swarm = new EngineSwarm(engine);
        var clusters = new DockerClusters(swarm, mirror, authority, options);
        var networks = new DockerNetworks(engine, mirror, calls, time);
        _areas = new ControlAreas()
            .Add<V1.Daemon.DaemonBase>(new DockerDaemon(swarm, mirror, options, time))
            .Add<V1.Membership.MembershipBase>(new DockerMembership(swarm, mirror, clusters, options, time))
            .Add<V1.Clusters.ClustersBase>(clusters)
            .Add<V1.Nodes.NodesBase>(new DockerNodes(objects, calls, mirror))
            .Add<V1.Services.ServicesBase>(new DockerServices(objects, calls, mirror, networks))
            .Add<V1.Tasks.TasksBase>(new DockerTasks(objects, calls))
            .Add<V1.Networks.NetworksBase>(networks)
            .Add<V1.Events.EventsBase>(new DockerEvents(objects, calls));
    }

    public string Name => ControlPlaneLimits.Docker;

    public ValueTask<ControlAreas> ChooseAsync(Type area, CancellationToken cancellation) => ValueTask.FromResult(_areas);
}
