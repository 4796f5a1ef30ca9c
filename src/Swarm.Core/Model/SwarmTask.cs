namespace Swarm.Core.Model;

/// <summary>One run of one slot. Small on purpose: it points to its revision and carries no copy of the spec, and its moments are kept as UTC ticks.</summary>
public sealed record SwarmTask
{
    private readonly long _createdAt;
    private readonly long _startAfter;
    private readonly long _runningSince;
    private readonly long _endedAt;

    public required string Id { get; init; }
    public required string ServiceId { get; init; }

    /// <summary>Number of the <see cref="ServiceRevision"/> it is made of.</summary>
    public required ulong Revision { get; init; }

    /// <summary>1.. for replicated services; 0 for global ones.</summary>
    public required uint Slot { get; init; }

    /// <summary>Null until assigned. Global tasks are born with it.</summary>
    public string? NodeId { get; init; }
    public required TaskState DesiredState { get; init; }
    public required TaskStatus Status { get; init; }
    public required DateTimeOffset CreatedAt
    {
        get => new(_createdAt, TimeSpan.Zero);
        init => _createdAt = value.UtcTicks;
    }

    /// <summary>Restart: the task stays at desired Ready until then, and is then asked to run.</summary>
    public DateTimeOffset? StartAfter
    {
        get => MomentOf(_startAfter);
        init => _startAfter = TicksOf(value);
    }

    /// <summary>How many tasks of this slot were restarted in a row before this one, for back-off and max attempts.</summary>
    public uint RestartCount { get; init; }

    /// <summary>When the manager learned that it runs, by the manager's clock; null: never. Kept because the status that ends a task replaces the one that says it
    /// runs. All that is decided by time is decided by this and <see cref="EndedAt"/>: the clocks of the nodes may be wrong.</summary>
    public DateTimeOffset? RunningSince
    {
        get => MomentOf(_runningSince);
        init => _runningSince = TicksOf(value);
    }

    /// <summary>When the manager learned that it ended, by the manager's clock; null: it has not.</summary>
    public DateTimeOffset? EndedAt
    {
        get => MomentOf(_endedAt);
        init => _endedAt = TicksOf(value);
    }

    /// <summary>Why no node takes it. Null unless the scheduler tried and failed.</summary>
    public PendingReasons? Pending { get; init; }

    /// <summary>When an ended task ended, as far as the manager knows.</summary>
    public static DateTimeOffset EndOf(SwarmTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.EndedAt ?? task.Status.Timestamp;
    }

    /// <summary>True for a state from which the task does not come back.</summary>
    public static bool IsTerminal(TaskState state) => state > TaskState.Running;

    /// <summary>It may still run: neither ended, nor asked to end.</summary>
    public bool IsLive => DesiredState <= TaskState.Running && !IsTerminal(Status.State);

    // 0 is no moment: nothing of a swarm happened in the year 1.
    private static long TicksOf(DateTimeOffset? moment) => moment?.UtcTicks ?? 0;

    private static DateTimeOffset? MomentOf(long ticks) => ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
}

/// <summary>What is observed of a task.</summary>
public sealed record TaskStatus
{
    public required TaskState State { get; init; }

    /// <summary>When it came to be so, by the clock of the node that reports it: for people to read.</summary>
    public required DateTimeOffset Timestamp { get; init; }
    public string Message { get; init; } = "";

    /// <summary>Empty unless something went wrong: "task: non-zero exit (1)", "No such image: redis:9".</summary>
    public string Error { get; init; } = "";
    public string ContainerId { get; init; } = "";
    public long Pid { get; init; }
    public int? ExitCode { get; init; }
}

/// <summary>Why a task is pending: nodes counted by the first filter that refused them.</summary>
public sealed record PendingReasons(ValueList<PendingReason> Reasons);

/// <summary>One filter's refusals.</summary>
/// <param name="Filter">ready, resources, plugins, platform, constraints, ports or max-replicas.</param>
/// <param name="Nodes">How many nodes it was the first to refuse.</param>
/// <param name="Detail">The filter's words, for a person: <c>node.labels.zone==east is not met</c>.</param>
public sealed record PendingReason(string Filter, int Nodes, string Detail);
