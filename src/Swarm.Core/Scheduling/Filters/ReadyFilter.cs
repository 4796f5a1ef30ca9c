using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>The node is available for tasks. It has a session, or a planned restart of its swarmd holds it Ready.</summary>
internal sealed class ReadyFilter : NodeFilter
{
    public override string Name => "ready";

    public override bool Accepts(NodeInfo node) => IsReady(node.Node!) && node.Node!.Spec.Availability == NodeAvailability.Active;

    public override string Summarize(NodeInfo node) =>
        IsReady(node.Node!) ? $"availability is {node.Node!.Spec.Availability}" : $"state is {node.Node!.Status.State}";

    // The code that ends the hold also sets the state, so that no clock is needed here.
    private static bool IsReady(Node node) =>
        node.Status.State == NodeState.Ready || (node.Status.HeldUntil is not null && node.Status.State != NodeState.Down);
}
