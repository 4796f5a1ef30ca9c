using Swarm.Core.Model;

namespace Swarm.Core.Orchestration;

/// <summary>The progress of a service towards its spec.</summary>
public sealed record ServiceConvergence
{
    public required string ServiceId { get; init; }

    /// <summary>The wanted number of tasks: replicas, or suitable nodes of a global service.</summary>
    public required ulong Desired { get; init; }

    /// <summary>Slots with a running task whose desired state is Running and whose node is not down.</summary>
    public required ulong Running { get; init; }

    /// <summary>Slots with a running task of the current spec: how far an update or a rollback is.</summary>
    public required ulong Updated { get; init; }

    /// <summary>Tasks that were asked to end and that a node has yet to stop.</summary>
    public required ulong Stopping { get; init; }

    /// <summary>Active tasks by observed state, in the order of the states.</summary>
    public required IReadOnlyDictionary<TaskState, int> ByState { get; init; }

    /// <summary>The service is as its spec asks: no update is in progress, and no task is missing or superfluous.</summary>
    public required bool Converged { get; init; }

    /// <summary>The service cannot converge without a user's change: an update is paused, or restarts are used up.</summary>
    public required bool Stuck { get; init; }

    /// <summary>A line of text for a person, with the reason.</summary>
    public required string Message { get; init; }

    /// <summary>Why it has not converged: "No such image: redis:9", "no suitable node (…)". Empty: nothing is known to be wrong.</summary>
    public required string Reason { get; init; }
}

/// <summary>The progress of draining a node.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="TasksLeft">Tasks that the node may still run.</param>
/// <param name="ReplacementsPending">Slots that lost their task on this node and whose next task does not run yet.</param>
public sealed record NodeConvergence(string NodeId, int TasksLeft, int ReplacementsPending)
{
    /// <summary>Why a replacement does not run. Empty: nothing is known to be wrong.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The node runs no task any more, and every slot that it ran is running elsewhere.</summary>
    public bool Done => TasksLeft == 0 && ReplacementsPending == 0;
}
