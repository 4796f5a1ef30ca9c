namespace Swarm.Core.Orchestration.Planning;

/// <summary>A fault that the simulation tests inject to show that they detect it. Never set outside tests.</summary>
internal enum InjectedFault
{
    None = 0,

    /// <summary>The constraint enforcer overlooks nodes whose labels no longer satisfy a task's constraints.</summary>
    IgnoreConstraints,

    /// <summary>The constraint enforcer asks a task's own revision alone, whatever the service asks for by now.</summary>
    EvictByOwnConstraints,

    /// <summary>A task that no node takes holds a place of the update, also where it took nothing over.</summary>
    UnplacedHoldPlaces,

    /// <summary>A task that no node takes holds no place of the update, also where it took over from another.</summary>
    TakenOverHoldNoPlace,

    /// <summary>The successor of a task that took over from another takes over nothing.</summary>
    ForgetTakenOver,

    /// <summary>An update replaces tasks that stay on a node that is down because no other takes them.</summary>
    ReplaceStranded,

    /// <summary>Tasks of a node that is down are replaced where other nodes suit them, whatever room is left there.</summary>
    ReplaceWithoutRoom,

    /// <summary>Tasks stay on a node that is down although others have got room for them.</summary>
    OverlookRoom,

    /// <summary>A new attempt in the course of an update makes it forget the tasks that it has made before.</summary>
    ForgetWhatAttemptsFound,

    /// <summary>Tasks of older revisions that wait for a node go on waiting.</summary>
    KeepUnplacedOfOlderRevisions,

    /// <summary>A new attempt makes no task anew.</summary>
    IgnoreAttempts,

    /// <summary>A restarted slot gets two replacements.</summary>
    DoubleRestart,

    /// <summary>The slots of a node that is down are not freed.</summary>
    KeepSlotsOfDownNode,

    /// <summary>An update is never declared complete.</summary>
    NeverCompleteUpdate,

    /// <summary>The reaper deletes running tasks.</summary>
    ReapLiveTasks,

    /// <summary>A replacement is started without waiting for the task before it to stop.</summary>
    StartBeforeStopped,

    /// <summary>A rollback uses the order of updates (start-first or stop-first).</summary>
    RollBackInOrderOfUpdate,

    /// <summary>The scheduler ignores the maximum of replicas per node.</summary>
    IgnoreMaxReplicas,

    /// <summary>Waits end when the wall clock says so.</summary>
    WaitByWallClock,

    /// <summary>A global task on a node that left is left as it is.</summary>
    KeepTasksOfLeftNode,
}
