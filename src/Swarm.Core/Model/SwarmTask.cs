using System.Text.Json.Serialization;

namespace Swarm.Core.Model;

/// <summary>A run of a slot. The record is small on purpose: it points to its revision instead of a copy of the spec, and keeps moments as
/// UTC ticks.</summary>
public sealed record SwarmTask
{
    private readonly long _createdAt;
    private readonly long _startAfter;
    private readonly long _runningSince;
    private readonly long _endedAt;

    public required string Id { get; init; }
    public required string ServiceId { get; init; }

    /// <summary>Number of the <see cref="ServiceRevision"/> that defines the task.</summary>
    public required ulong Revision { get; init; }

    /// <summary>From 1 for replicated services; 0 for global ones.</summary>
    public required uint Slot { get; init; }

    /// <summary>The place among the tasks of its slot, oldest first, from 1. It orders them, because the wall clock may be set back.
    /// 0: unknown, older than all others; Docker or an earlier swarmd made the task.</summary>
    public uint Ordinal { get; init; }

    /// <summary>Null until the task is assigned. Global tasks are created with their node.</summary>
    public string? NodeId { get; init; }
    public required TaskState DesiredState { get; init; }
    public required TaskStatus Status { get; init; }
    public required DateTimeOffset CreatedAt
    {
        get => new(_createdAt, TimeSpan.Zero);
        init => _createdAt = value.UtcTicks;
    }

    /// <summary>After a restart, the task stays at desired Ready for the time from <see cref="CreatedAt"/> to this moment; then its desired
    /// state becomes Running. The leader measures that time with its monotonic clock.</summary>
    public DateTimeOffset? StartAfter
    {
        get => MomentOf(_startAfter);
        init => _startAfter = TicksOf(value);
    }

    /// <summary>The number of consecutive restarts of this slot before this task, for back-off and max attempts.</summary>
    public uint RestartCount { get; init; }

    /// <summary>The <see cref="UpdateStatus.Number"/> of the update that made the task for its slot; 0: none did.</summary>
    public ulong Update { get; init; }

    /// <summary>The moment at which the manager learned that the task runs, by the manager's clock; null: never. The record keeps it
    /// because the
    /// final status replaces the running one. Decisions by time begin with it and <see cref="EndedAt"/>: the nodes' clocks may be
    /// wrong.</summary>
    public DateTimeOffset? RunningSince
    {
        get => MomentOf(_runningSince);
        init => _runningSince = TicksOf(value);
    }

    /// <summary>The moment at which the manager learned that the task ended, by the manager's clock; null: it has not ended.</summary>
    public DateTimeOffset? EndedAt
    {
        get => MomentOf(_endedAt);
        init => _endedAt = TicksOf(value);
    }

    /// <summary>Why no node takes the task. Null unless the scheduler tried and failed.</summary>
    public PendingReasons? Pending { get; init; }

    /// <summary>An update took a task from its node, or will, for this one. While no node takes it, it holds a place of the update's
    /// parallelism.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TakesOver { get; init; }

    /// <summary>The host ports that the task got with its node. It has them until it ends, whatever the service publishes later. Null:
    /// those of its revision.</summary>
    public TaskPorts? Ports { get; init; }

    /// <summary>When an ended task ended, as far as the manager knows.</summary>
    public static DateTimeOffset EndOf(SwarmTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.EndedAt ?? task.Status.Timestamp;
    }

    /// <summary>Why a task has ended: its error, or the state where that says all. Never empty.</summary>
    public static string ReasonOfEnd(TaskStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return status.Error.Length > 0 ? status.Error : $"the task has ended ({status.State})";
    }

    /// <summary>True for a final state.</summary>
    public static bool IsTerminal(TaskState state) => state > TaskState.Running;

    /// <summary>True while the task may still run: it has neither ended nor been asked to end.</summary>
    public bool IsLive => DesiredState <= TaskState.Running && !IsTerminal(Status.State);

    // Ticks 0 mean "none": nothing in a swarm happened in the year 1.
    private static long TicksOf(DateTimeOffset? moment) => moment?.UtcTicks ?? 0;

    private static DateTimeOffset? MomentOf(long ticks) => ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
}

/// <summary>The ports that a task has on its node.</summary>
/// <param name="Published">The ports of the service when the task got its node.</param>
public sealed record TaskPorts(ValueList<PublishedPort> Published);

/// <summary>The observed status of a task.</summary>
public sealed record TaskStatus
{
    public required TaskState State { get; init; }

    /// <summary>The moment at which the state began, by the clock of the reporting node. It is for people to read.</summary>
    public required DateTimeOffset Timestamp { get; init; }
    public string Message { get; init; } = "";

    /// <summary>Empty unless something went wrong: "task: non-zero exit (1)", "No such image: redis:9".</summary>
    public string Error { get; init; } = "";
    public string ContainerId { get; init; } = "";
    public long Pid { get; init; }
    public int? ExitCode { get; init; }

    /// <summary>Where the nodes of the swarm reach the task, as its node says; null: it takes no connections, or not yet.</summary>
    public TaskEndpoint? Endpoint { get; init; }
}

/// <summary>Why a task is pending: nodes counted by the first filter that refused them.</summary>
public sealed record PendingReasons(ValueList<PendingReason> Reasons);

/// <summary>The refusals of one filter.</summary>
/// <param name="Filter">ready, resources, plugins, executor, ingress, platform, constraints, ports or max-replicas.</param>
/// <param name="Nodes">The number of nodes that this filter was the first to refuse.</param>
/// <param name="Detail">The filter's explanation, for a person: <c>node.labels.zone==east is not met</c>.</param>
public sealed record PendingReason(string Filter, int Nodes, string Detail);

/// <summary>Where the nodes of the swarm reach a task.</summary>
/// <param name="Address">An address without a port.</param>
/// <param name="Ports">Where the task listens, if that is not its target port. A process on a host with other processes gets a port that is free there.</param>
public sealed record TaskEndpoint(string Address, ValueList<TaskPort> Ports)
{
    /// <summary>The port on <see cref="Address"/> for a target port of the service.</summary>
    public uint PortFor(uint target, PortProtocol protocol)
    {
        foreach (var port in Ports)
        {
            if (port.Target == target && port.Protocol == protocol)
            {
                return port.Listening;
            }
        }
        return target;
    }
}

/// <summary>A port of a task that is not its target port.</summary>
/// <param name="Target">The port that the service names.</param>
/// <param name="Protocol">Its transport.</param>
/// <param name="Listening">The port on which the task listens.</param>
public sealed record TaskPort(uint Target, PortProtocol Protocol, uint Listening);
