using Grpc.Core;
using Swarm.Control.Objects;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Mirror;
using Swarm.Engine;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The nodes of the engine's swarm.</summary>
internal sealed class DockerNodes(SwarmObjects objects, DockerCalls calls, DockerMirror mirror) : NodesApi(objects)
{
    public override async Task ListNodes(
        V1.ListNodesRequest request,
        IServerStreamWriter<V1.Node> responseStream,
        ServerCallContext context
    )
    {
        await calls.BeginListAsync(context);
        await base.ListNodes(request, responseStream, context);
    }

    public override async Task<V1.UpdateNodeResponse> UpdateNode(V1.UpdateNodeRequest request, ServerCallContext context)
    {
        await calls.BeginAsync(context);
        return await base.UpdateNode(request, context);
    }

    public override async Task<V1.RemoveNodeResponse> RemoveNode(V1.RemoveNodeRequest request, ServerCallContext context)
    {
        await calls.BeginAsync(context);
        return await base.RemoveNode(request, context);
    }

    public override Task WaitNode(
        V1.WaitNodeRequest request,
        IServerStreamWriter<V1.NodeProgress> responseStream,
        ServerCallContext context
    ) => calls.WatchAsync(context, call => base.WaitNode(request, responseStream, call));

    /// <summary>The engine tells which manager leads, and which are reachable.</summary>
    protected override V1.Node ToWire(Node node, uint tasks)
    {
        var shown = base.ToWire(node, tasks);
        shown.ManagerStatus = mirror.Node(node.Id)?.ManagerStatus is { } status
            ? new V1.ManagerStatus
            {
                Leader = status.Flag("Leader"),
                Reachable = status.Text("Reachability") == "reachable",
                Address = status.Text("Addr"),
            }
            : null;
        return shown;
    }
}
