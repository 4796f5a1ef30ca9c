using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>Nodes, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeNodes(FakeControl control) : V1.Nodes.NodesBase
{
    public override AsyncTask ListNodes(V1.ListNodesRequest request, IServerStreamWriter<V1.Node> responseStream, ServerCallContext context)
    {
        control.Note(request);
        return FakeControl.SendAsync(
            (request.Selectors.Count == 0 ? control.Nodes : request.Selectors.Select(control.Node)).Select(control.Copy),
            responseStream
        );
    }

    public override Task<V1.UpdateNodeResponse> UpdateNode(V1.UpdateNodeRequest request, ServerCallContext context)
    {
        control.Note(request);
        var node = control.Node(request.Selector);
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.UpdateNodeResponse { Node = node, Preview = FakeControl.Preview("move") });
        }
        if (request.HasRole && request.Role == V1.NodeRole.Worker && control.Nodes.Count(n => n.Role == V1.NodeRole.Manager) == 1)
        {
            throw FakeControl.Refuse(
                StatusCode.FailedPrecondition,
                "LastManager",
                "attempting to demote the last manager of the swarm",
                node.Name,
                "Promote another node first."
            );
        }
        node.Availability = request.HasAvailability ? request.Availability : node.Availability;
        node.Role = request.HasRole ? request.Role : node.Role;
        lock (control.Gate)
        {
            foreach (var (key, value) in request.LabelsSet)
            {
                node.Labels[key] = value;
            }
        }
        return AsyncTask.FromResult(new V1.UpdateNodeResponse { Node = control.Copy(node) });
    }

    public override Task<V1.RemoveNodeResponse> RemoveNode(V1.RemoveNodeRequest request, ServerCallContext context)
    {
        control.Note(request);
        if (!request.DryRun)
        {
            control.Nodes.Remove(control.Node(request.Selector));
        }
        return AsyncTask.FromResult(new V1.RemoveNodeResponse { Preview = request.DryRun ? FakeControl.Preview("remove") : null });
    }

    public override async AsyncTask WaitNode(
        V1.WaitNodeRequest request,
        IServerStreamWriter<V1.NodeProgress> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        if (!request.UntilRemoved)
        {
            control.DuringNodeWait?.Invoke(control.Node(request.Selector));
        }
        await responseStream.WriteAsync(
            new V1.NodeProgress
            {
                NodeId = request.Selector,
                TasksLeft = 2,
                Reason = control.WaitReason,
            }
        );
        await control.WaitIfToldAsync(context);
        await responseStream.WriteAsync(new V1.NodeProgress { NodeId = request.Selector, Done = true });
    }
}
