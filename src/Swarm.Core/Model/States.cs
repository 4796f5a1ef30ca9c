namespace Swarm.Core.Model;

/// <summary>Docker's task states, in order: a task only ever moves forward.</summary>
/// <remarks>Source: moby/swarmkit api/types.proto. <see cref="Orphaned"/> is given to tasks of a node that has been down too long.</remarks>
public enum TaskState : byte
{
    /// <summary>Created by an orchestrator; nothing allocated yet.</summary>
    New = 0,

    /// <summary>Everything it needs is allocated; waits for a node.</summary>
    Pending = 1,

    /// <summary>The scheduler has chosen a node.</summary>
    Assigned = 2,

    /// <summary>The node's agent has taken it.</summary>
    Accepted = 3,

    /// <summary>The agent pulls the image and creates the container.</summary>
    Preparing = 4,

    /// <summary>Created; may be started as soon as the desired state is Running.</summary>
    Ready = 5,

    /// <summary>The container starts; with a health check, it is not healthy yet.</summary>
    Starting = 6,

    /// <summary>It runs (and is healthy, if it has a health check).</summary>
    Running = 7,

    /// <summary>It ended by itself with exit code 0.</summary>
    Complete = 8,

    /// <summary>It was asked to stop, and did.</summary>
    Shutdown = 9,

    /// <summary>It ended by itself with another exit code, or could not be started.</summary>
    Failed = 10,

    /// <summary>The node cannot run it: no such image, limits that cannot be enforced.</summary>
    Rejected = 11,

    /// <summary>Desired only: stop it, then forget it.</summary>
    Remove = 12,

    /// <summary>Its node has been down so long that its fate is unknown.</summary>
    Orphaned = 13,
}

/// <summary>What the manager knows of a node's session.</summary>
public enum NodeState : byte
{
    /// <summary>Joined, never seen a session; or a new leader has not heard from it yet.</summary>
    Unknown = 0,

    /// <summary>Its session broke or its heartbeats stopped, or it left.</summary>
    Down = 1,

    /// <summary>It has a session.</summary>
    Ready = 2,

    /// <summary>Its session broke just now; it becomes Down unless it is back in time. No new tasks; its tasks count as running.</summary>
    Disconnected = 3,
}

/// <summary>The administrator's word on scheduling to a node.</summary>
public enum NodeAvailability : byte
{
    /// <summary>Takes tasks.</summary>
    Active = 0,

    /// <summary>Keeps its tasks, takes no new ones.</summary>
    Pause = 1,

    /// <summary>Its tasks move elsewhere.</summary>
    Drain = 2,
}

/// <summary>What a node is in the swarm.</summary>
public enum NodeRole : byte
{
    Worker = 0,
    Manager = 1,
}

/// <summary>When a task that has ended is replaced.</summary>
public enum RestartCondition : byte
{
    Any = 0,
    OnFailure = 1,
    None = 2,
}

/// <summary>What an update does when too many of its tasks fail.</summary>
public enum FailureAction : byte
{
    Pause = 0,
    Continue = 1,
    Rollback = 2,
}

/// <summary>Whether an update stops the old task of a slot before or after the new one runs.</summary>
public enum UpdateOrder : byte
{
    StopFirst = 0,
    StartFirst = 1,
}

/// <summary>Where a service's latest update or rollback stands.</summary>
public enum UpdateState : byte
{
    None = 0,
    Updating = 1,
    Paused = 2,
    Completed = 3,
    RollbackStarted = 4,
    RollbackPaused = 5,
    RollbackCompleted = 6,
}

/// <summary>Kind of a mount.</summary>
public enum MountType : byte
{
    Bind = 0,
    Volume = 1,
    Tmpfs = 2,
}
