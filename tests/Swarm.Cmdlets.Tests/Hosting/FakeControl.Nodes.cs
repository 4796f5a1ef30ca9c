using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <content>Nodes.</content>
internal sealed partial class FakeControl
{
    public override AsyncTask ListNodes(V1.ListNodesRequest request, IServerStreamWriter<V1.Node> responseStream, ServerCallContext context)
    {
        Note(request);
        return SendAsync((request.Selectors.Count == 0 ? Nodes : request.Selectors.Select(Node)).Select(Copy), responseStream);
    }

    // A copy, so that no other call changes the message while it is sent.
    private V1.Node Copy(V1.Node node)
    {
        lock (_gate)
        {
            return node.Clone();
        }
    }

    public override Task<V1.UpdateNodeResponse> UpdateNode(V1.UpdateNodeRequest request, ServerCallContext context)
    {
        Note(request);
        var node = Node(request.Selector);
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.UpdateNodeResponse { Node = node, Preview = Preview("move") });
        }
        if (request.HasRole && request.Role == V1.NodeRole.Worker && Nodes.Count(n => n.Role == V1.NodeRole.Manager) == 1)
        {
            throw Refuse(
                StatusCode.FailedPrecondition,
                "LastManager",
                "attempting to demote the last manager of the swarm",
                node.Name,
                "Promote another node first."
            );
        }
        node.Availability = request.HasAvailability ? request.Availability : node.Availability;
        node.Role = request.HasRole ? request.Role : node.Role;
        lock (_gate)
        {
            foreach (var (key, value) in request.LabelsSet)
            {
                node.Labels[key] = value;
            }
        }
        return AsyncTask.FromResult(new V1.UpdateNodeResponse { Node = Copy(node) });
    }

    public override Task<V1.RemoveNodeResponse> RemoveNode(V1.RemoveNodeRequest request, ServerCallContext context)
    {
        Note(request);
        if (!request.DryRun)
        {
            Nodes.Remove(Node(request.Selector));
        }
        return AsyncTask.FromResult(new V1.RemoveNodeResponse { Preview = request.DryRun ? Preview("remove") : null });
    }
}
