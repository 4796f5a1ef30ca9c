using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Reading;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public partial class NodesApi
{
    public override async Task WaitNode(
        V1.WaitNodeRequest request,
        IServerStreamWriter<V1.NodeProgress> responseStream,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        await objects.RequireLeaderAsync(cancellation);
        var (id, name) = objects.Store.Read(state =>
        {
            try
            {
                var node = Selectors.Node(state, request.Selector);
                return (node.Id, node.Name);
            }
            catch (SwarmException e) when (request.UntilRemoved && e.Kind == SwarmErrorKind.NotFound)
            {
                return (request.Selector, request.Selector);
            }
        });
        using var signal = objects.Store.Watch(change => change is ChangedObject.OfTask or ChangedObject.OfNode);
        var moved = new HashSet<(string ServiceId, uint Slot)>();
        var pace = new ProgressPace(objects.Store, signal);
        V1.NodeProgress? last = null;
        while (true)
        {
            objects.RequireStillLeading();
            var now = pace.Look(state => NodeProgress(state, id, name, request, moved));
            if (!now.Equals(last))
            {
                await responseStream.SendAsync(last = now, context);
            }
            if (now.Done)
            {
                return;
            }
            await pace.NextAsync(cancellation);
        }
    }

    private static V1.NodeProgress NodeProgress(
        ClusterState state,
        string id,
        string name,
        V1.WaitNodeRequest request,
        HashSet<(string ServiceId, uint Slot)> moved
    )
    {
        var node = state.FindNode(id);
        var progress = new V1.NodeProgress { NodeId = id, NodeName = name };
        if (request.UntilDrained || request.UntilRemoved)
        {
            var convergence = Convergence.OfNode(state, id, moved);
            progress.TasksLeft = (uint)convergence.TasksLeft;
            progress.ReplacementsPending = (uint)convergence.ReplacementsPending;
            progress.Done = convergence.Done && (node is null || !request.UntilRemoved);
            progress.Message = progress.Done
                ? request.UntilRemoved
                    ? "removed"
                    : "drained"
                : convergence.Done
                    ? "still a member"
                    : convergence.TasksLeft > 0
                        ? $"{convergence.TasksLeft} tasks are left"
                        : $"{convergence.ReplacementsPending} replacements do not run yet";
            if (!progress.Done && convergence.Reason.Length > 0)
            {
                progress.Reason = convergence.Reason;
                progress.Message += ": " + convergence.Reason;
            }
            return progress;
        }
        if (node is null)
        {
            throw SwarmObjects.Vanished("node", "NodeNotFound", id);
        }
        progress.TasksLeft = (uint)state.TasksOfNode(id).Count(t => t.IsLive);
        progress.Done = node.Status.State == NodeState.Ready;
        progress.Message = node.Status.Message.Length > 0 ? node.Status.Message : node.Status.State.ToString();
        progress.Reason = progress.Done
            ? ""
            : $"the node is {node.Status.State}{(node.Status.Message.Length > 0 ? ": " + node.Status.Message : "")}";
        return progress;
    }
}
