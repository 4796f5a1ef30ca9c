using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>What a node's state means for the tasks on it.</summary>
internal static class NodeHealth
{
    /// <summary>Nobody can say what its tasks do: it is down, or no longer a member. A node that is only Disconnected (or not yet heard of by a new
    /// leader) keeps its tasks.</summary>
    public static bool IsLost(Node? node) => node is null || node.Status.State == NodeState.Down;

    /// <summary>Its tasks belong elsewhere. Source: InvalidNode in moby/swarmkit manager/orchestrator/task.go.</summary>
    public static bool IsInvalid(Node? node) => IsLost(node) || node!.Spec.Availability == NodeAvailability.Drain;
}
