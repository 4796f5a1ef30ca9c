namespace Swarm.Core.Orchestration;

/// <summary>The effect of a previewed change on a task.</summary>
public enum PlannedActionKind
{
    /// <summary>A task would be created.</summary>
    Create,

    /// <summary>A task would be stopped; its slot gets another one, or ends.</summary>
    Stop,

    /// <summary>A task would go on as it is.</summary>
    Keep,

    /// <summary>A task would be stopped and its slot would go on elsewhere.</summary>
    Move,

    /// <summary>A task would be stopped and forgotten with its slot.</summary>
    Remove,
}

/// <summary>A line of the output of <c>-WhatIf</c>.</summary>
/// <param name="Action">The effect on the task.</param>
/// <param name="TaskName"><c>web.3</c>; for a global service <c>web.&lt;node id&gt;</c>.</param>
/// <param name="TaskId">The existing task; empty for one that would be created.</param>
/// <param name="NodeId">The node it is on, or would go to; empty: none, see <paramref name="Detail"/>.</param>
/// <param name="Detail">More, for a person: where a moved task comes from, why no node takes it.</param>
public sealed record PlannedAction(PlannedActionKind Action, string TaskName, string TaskId, string NodeId, string Detail);
