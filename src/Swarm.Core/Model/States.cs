namespace Swarm.Core.Model;

/// <summary>Docker's task states, in order. A task only ever moves forward.</summary>
/// <remarks>Source: moby/swarmkit api/types.proto. Tasks of a node that has been down too long become <see cref="Orphaned"/>.</remarks>
public enum TaskState : byte
{
    /// <summary>Created by an orchestrator; nothing allocated yet.</summary>
    New = 0,

    /// <summary>All its resources are allocated; the task waits for a node.</summary>
    Pending = 1,

    /// <summary>The scheduler has chosen a node.</summary>
    Assigned = 2,

    /// <summary>The node's agent has accepted the task.</summary>
    Accepted = 3,

    /// <summary>The agent pulls the image and creates the container.</summary>
    Preparing = 4,

    /// <summary>The container is created. The agent starts it as soon as the desired state is Running.</summary>
    Ready = 5,

    /// <summary>The container starts; if it has a health check, it is not healthy yet.</summary>
    Starting = 6,

    /// <summary>The container runs (and is healthy, if it has a health check).</summary>
    Running = 7,

    /// <summary>The container ended by itself with exit code 0.</summary>
    Complete = 8,

    /// <summary>The task stopped because it was asked to.</summary>
    Shutdown = 9,

    /// <summary>The container ended by itself with another exit code, or could not be started.</summary>
    Failed = 10,

    /// <summary>The node cannot run the task: no such image, limits that cannot be enforced.</summary>
    Rejected = 11,

    /// <summary>A desired state only: stop the task, then delete it.</summary>
    Remove = 12,

    /// <summary>The node has been down so long that the task's fate is unknown.</summary>
    Orphaned = 13,
}

/// <summary>The state of a node's session, as the manager sees it.</summary>
public enum NodeState : byte
{
    /// <summary>The node has joined and never had a session, or has not contacted the new leader yet.</summary>
    Unknown = 0,

    /// <summary>The session broke, heartbeats stopped, or the node left.</summary>
    Down = 1,

    /// <summary>The node has a session.</summary>
    Ready = 2,

    /// <summary>The session broke a moment ago. The node becomes Down unless it returns in time. It gets no new tasks; its tasks count as
    /// running.</summary>
    Disconnected = 3,
}

/// <summary>The administrator's decision on scheduling to a node.</summary>
public enum NodeAvailability : byte
{
    /// <summary>The node takes tasks.</summary>
    Active = 0,

    /// <summary>The node keeps its tasks and takes no new ones.</summary>
    Pause = 1,

    /// <summary>The node's tasks move elsewhere.</summary>
    Drain = 2,
}

/// <summary>A node's role in the swarm.</summary>
public enum NodeRole : byte
{
    Worker = 0,
    Manager = 1,
}

/// <summary>The condition under which an ended task is replaced.</summary>
public enum RestartCondition : byte
{
    Any = 0,
    OnFailure = 1,
    None = 2,
}

/// <summary>The reaction of an update to too many failed tasks.</summary>
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
