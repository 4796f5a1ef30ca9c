using Swarm.Core.Model;

namespace Swarm.Core.Orchestration;

/// <summary>How far a service is from what its spec asks.</summary>
public sealed record ServiceConvergence
{
    public required string ServiceId { get; init; }

    /// <summary>Tasks that should run: replicas, or nodes that take the global service.</summary>
    public required ulong Desired { get; init; }

    /// <summary>Slots with a task that runs, is meant to, and whose node is not down.</summary>
    public required ulong Running { get; init; }

    /// <summary>Tasks that were asked to end and that a node still has to stop.</summary>
    public required ulong Stopping { get; init; }

    /// <summary>Active tasks by observed state, in the order of the states.</summary>
    public required IReadOnlyDictionary<TaskState, int> ByState { get; init; }

    /// <summary>Everything is as the spec asks: no update goes on, nothing is missing, nothing too much.</summary>
    public required bool Converged { get; init; }

    /// <summary>It cannot converge unless somebody changes something: an update is paused, or restarts are used up.</summary>
    public required bool Stuck { get; init; }

    /// <summary>One line for a person.</summary>
    public required string Message { get; init; }
}

/// <summary>How far a node is from being empty.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="TasksLeft">Tasks that it may still run.</param>
/// <param name="ReplacementsPending">Slots that lost their task here and whose next task does not run yet.</param>
public sealed record NodeConvergence(string NodeId, int TasksLeft, int ReplacementsPending)
{
    /// <summary>Nothing runs on it any more, and whatever ran on it runs elsewhere.</summary>
    public bool Done => TasksLeft == 0 && ReplacementsPending == 0;
}
