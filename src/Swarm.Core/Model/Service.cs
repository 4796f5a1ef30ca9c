namespace Swarm.Core.Model;

/// <summary>A service: a name, the current revision of its spec, and where its latest update stands.</summary>
public sealed record Service
{
    /// <summary>25 characters, base 36.</summary>
    public required string Id { get; init; }

    /// <summary>Index of the last change of this record, for optimistic concurrency. Every change raises it.</summary>
    public ulong Version { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required ServiceSpec Spec { get; init; }

    /// <summary>Number of the revision that holds <see cref="Spec"/>; the first is 1. A change of scale alone makes no new
    /// revision.</summary>
    public required ulong Revision { get; init; }

    /// <summary>The revision that <c>Undo-SwarmService</c> returns to; 0: none.</summary>
    public ulong PreviousRevision { get; init; }
    public UpdateStatus? UpdateStatus { get; init; }

    /// <summary>The ports of <see cref="Spec"/> with the published ports that the swarm chose for those that name none. The state sets it. A swarm of Docker's
    /// chooses by itself.</summary>
    public ValueList<PublishedPort> Ports { get; init; } = [];
}

/// <summary>An immutable entry of a service's spec history. Tasks point to it by service id and number.</summary>
public sealed record ServiceRevision
{
    public required string ServiceId { get; init; }
    public required ulong Number { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required ServiceSpec Spec { get; init; }
    public RegistryCredential? RegistryCredential { get; init; }
}

/// <summary>Where a service's latest update or rollback stands.</summary>
public sealed record UpdateStatus
{
    public required UpdateState State { get; init; }

    /// <summary>Tells the update from the service's other ones: the version of the service that it began from. 0: an earlier swarmd began
    /// it, and its tasks are known by <see cref="StartedAt"/>.</summary>
    public ulong Number { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Docker's words: "update in progress", "update paused due to failure or early termination of task …", …</summary>
    public string Message { get; init; } = "";

    /// <summary>Why the update was rolled back or paused, or the rollback was paused; null: it was not, or an earlier swarmd did it. It stays
    /// when the rollback has completed, where <see cref="Message"/> no longer names the task.</summary>
    public UpdateFailure? Failure { get; init; }

    /// <summary>The update's progress. It is replicated so that a new leader can resume the update.</summary>
    public UpdateProgress Progress { get; init; } = UpdateProgress.None;
}

/// <summary>The updater's own bookkeeping. It is replicated so that a new leader continues where the old one stopped.</summary>
public sealed record UpdateProgress
{
    public static UpdateProgress None { get; } = new();

    /// <summary>Tasks of the new revision that failed within their monitor period.</summary>
    public ulong Failed { get; init; }

    /// <summary>Tasks that the update has to replace in all; the base of the failure ratio.</summary>
    public ulong Total { get; init; }

    /// <summary>The update takes up no slot before this moment (the update delay).</summary>
    public DateTimeOffset? NextSlotAt { get; init; }

    /// <summary>The revision before the update, for a rollback.</summary>
    public ulong FromRevision { get; init; }

    /// <summary>The <see cref="UpdateStatus.Number"/> with which the update began, where new attempts have given it others since; 0: none
    /// has.</summary>
    public ulong FirstNumber { get; init; }
}
