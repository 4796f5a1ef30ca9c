namespace Swarm;

public sealed class Task
{
    public string Id { get; set; } = "";

    /// <summary>helloworld.1; for a global service helloworld.&lt;node id&gt;.</summary>
    public string Name { get; set; } = "";
    public string ServiceId { get; set; } = "";
    public string ServiceName { get; set; } = "";

    /// <summary>1… for replicated services, 0 for global ones.</summary>
    public long Slot { get; set; }

    /// <summary>Name of the node.</summary>
    public string Node { get; set; } = "";
    public string NodeId { get; set; } = "";

    /// <summary>State of the node; null: the task has no node. The true state of a task on a node that is Down is not known.</summary>
    public NodeState? NodeState { get; set; }
    public string Image { get; set; } = "";
    public TaskState DesiredState { get; set; }
    public TaskState State { get; set; }

    /// <summary>The moment at which the state began.</summary>
    public DateTime? StateSince { get; set; }

    /// <summary>The agent's message for the state.</summary>
    public string Message { get; set; } = "";
    public string Error { get; set; } = "";

    /// <summary>The reasons why the scheduler could not place the task: nodes counted by the filter that refused them.</summary>
    public PendingReason[] PendingReasons { get; set; } = [];
    public int? ExitCode { get; set; }
    public string ContainerId { get; set; } = "";
    public string ContainerName { get; set; } = "";
    public long ProcessId { get; set; }
    public long Revision { get; set; }

    /// <summary>A newer task holds the slot.</summary>
    public bool IsHistory { get; set; }
    public DateTime? CreatedAt { get; set; }
    public DateTime? UpdatedAt { get; set; }

    public override string ToString() => Name;
}

public sealed class PendingReason
{
    /// <summary>ready, resources, plugins, executor, platform, constraints, ports or max-replicas.</summary>
    public string Filter { get; set; } = "";
    public int Nodes { get; set; }
    public string Detail { get; set; } = "";

    public override string ToString() => $"{Detail} on {Nodes} node{(Nodes == 1 ? "" : "s")} ({Filter})";
}

/// <summary>Whether a task could go to a node, and the reason if not.</summary>
public sealed class PlacementResult
{
    /// <summary>The service that was tried; empty for one that has no name yet.</summary>
    public string ServiceName { get; set; } = "";
    public string NodeId { get; set; } = "";
    public string Node { get; set; } = "";
    public bool Suitable { get; set; }

    /// <summary>1 for the node that the next task goes to; 0 when unsuitable.</summary>
    public int Rank { get; set; }

    /// <summary>The first filter that refuses the node.</summary>
    public string Filter { get; set; } = "";
    public string Detail { get; set; } = "";
    public int ServiceTasks { get; set; }
    public int TotalTasks { get; set; }
}

/// <summary>A step of a previewed change (-WhatIf), computed by the manager.</summary>
public sealed class PlannedAction
{
    /// <summary>create, stop, keep, move or remove.</summary>
    public string Action { get; set; } = "";
    public string Task { get; set; } = "";
    public string TaskId { get; set; } = "";

    /// <summary>The node of the task; empty: none.</summary>
    public string Node { get; set; } = "";
    public string Detail { get; set; } = "";

    /// <summary>A line of a preview, with visible escapes for control characters.</summary>
    public override string ToString() =>
        VisibleText.Of($"{Action} {Task}{(Node.Length == 0 ? "" : $" on {Node}")}{(Detail.Length == 0 ? "" : $": {Detail}")}");
}

public sealed class SwarmEvent
{
    public DateTime? Time { get; set; }
    public EventKind Kind { get; set; }

    /// <summary>create, update or remove.</summary>
    public string Action { get; set; } = "";
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";

    /// <summary>"state: Starting -> Running".</summary>
    public string Detail { get; set; } = "";
    public long Index { get; set; }

    public override string ToString() => $"{Kind} {Action} {Name} {Detail}".TrimEnd();
}
