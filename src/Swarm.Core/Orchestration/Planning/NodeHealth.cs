using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>The consequences of a node's state for its tasks.</summary>
internal static class NodeHealth
{
    /// <summary>True when the state of the node's tasks is unknown: the node is down, or no longer a member. A node that is only
    /// Disconnected (or
    /// that a new leader has not heard of yet) keeps its tasks.</summary>
    public static bool IsLost(Node? node) => node is null || node.Status.State == NodeState.Down;

    /// <summary>True when the node's tasks have to move elsewhere. Source: InvalidNode in moby/swarmkit
    /// manager/orchestrator/task.go.</summary>
    public static bool IsInvalid(Node? node) => IsLost(node) || node!.Spec.Availability == NodeAvailability.Drain;

    /// <summary>True for a node that may come back with its tasks: it was not drained, and has not left.</summary>
    public static bool MayReturn(Node node) => node.Spec.Availability != NodeAvailability.Drain && !node.Status.HasLeft;
}
