namespace Swarm;

public sealed class Service
{
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";
    public ServiceMode Mode { get; set; }

    /// <summary>Wanted replicas of a replicated service; for a global service the nodes that it runs on.</summary>
    public long Replicas { get; set; }

    /// <summary>Running tasks.</summary>
    public long Running { get; set; }

    /// <summary>The image, with its digest when known.</summary>
    public string Image { get; set; } = "";
    public string[] Command { get; set; } = [];
    public string[] Entrypoint { get; set; } = [];
    public string[] Env { get; set; } = [];
    public Dictionary<string, string> Labels { get; set; } = [];
    public Dictionary<string, string> ContainerLabels { get; set; } = [];
    public string[] Constraints { get; set; } = [];
    public string[] PlacementPreferences { get; set; } = [];

    /// <summary>0: no limit.</summary>
    public long MaxReplicasPerNode { get; set; }

    /// <summary>CPUs; 0: none.</summary>
    public double ReserveCpu { get; set; }

    /// <summary>Bytes; 0: none.</summary>
    public long ReserveMemory { get; set; }

    /// <summary>CPUs; 0: none.</summary>
    public double LimitCpu { get; set; }

    /// <summary>Bytes; 0: none.</summary>
    public long LimitMemory { get; set; }
    public long LimitPids { get; set; }
    public Mount[] Mounts { get; set; } = [];

    /// <summary>Names of the networks that the tasks are attached to.</summary>
    public string[] Networks { get; set; } = [];

    /// <summary>Published ports, including the ones that the swarm has chosen.</summary>
    public PublishedPort[] Ports { get; set; } = [];

    /// <summary>Published ports as they are wanted: 0 lets the swarm choose.</summary>
    public PublishedPort[] Publish { get; set; } = [];
    public string User { get; set; } = "";
    public string[] Groups { get; set; } = [];
    public string WorkingDirectory { get; set; } = "";
    public string HostName { get; set; } = "";
    public string StopSignal { get; set; } = "";
    public TimeSpan? StopGracePeriod { get; set; }
    public string[] CapAdd { get; set; } = [];
    public string[] CapDrop { get; set; } = [];
    public bool ReadOnly { get; set; }
    public bool Init { get; set; }
    public bool Tty { get; set; }

    /// <summary>Kernel parameters of the containers.</summary>
    public Dictionary<string, string> Sysctls { get; set; } = [];
    public HealthCheck? HealthCheck { get; set; }
    public RestartCondition RestartCondition { get; set; }
    public TimeSpan? RestartDelay { get; set; }

    /// <summary>0: no limit.</summary>
    public long RestartMaxAttempts { get; set; }
    public TimeSpan? RestartWindow { get; set; }
    public UpdateConfig UpdateConfig { get; set; } = new();
    public UpdateConfig RollbackConfig { get; set; } = new();
    public UpdateStatus? UpdateStatus { get; set; }

    /// <summary>Number of the current revision; 1 is the first.</summary>
    public long Revision { get; set; }

    /// <summary>Image of the previous revision, when there is one.</summary>
    public string? PreviousImage { get; set; }
    public long ForceUpdate { get; set; }
    public DateTime? CreatedAt { get; set; }
    public DateTime? UpdatedAt { get; set; }
    public long Version { get; set; }

    // These show parts of the objects above under the names of the parameters. So a service that is piped to New-SwarmService is copied whole.

    /// <summary>A line for a shell; several: a program and its arguments.</summary>
    public string[] HealthCommand =>
        HealthCheck?.Test switch
        {
            null or [] or ["NONE", ..] => [],
            ["CMD-SHELL", var line] => [line],
            ["CMD", not ("CMD" or "CMD-SHELL"), _, ..] => HealthCheck.Test[1..],
            _ => HealthCheck.Test,
        };
    public TimeSpan? HealthInterval => ActiveHealthCheck?.Interval;
    public TimeSpan? HealthTimeout => ActiveHealthCheck?.Timeout;
    public int? HealthRetries => ActiveHealthCheck?.Retries;
    public TimeSpan? HealthStartPeriod => ActiveHealthCheck?.StartPeriod;
    public bool NoHealthCheck => HealthCheck?.Test is ["NONE", ..];
    public long UpdateParallelism => UpdateConfig.Parallelism;
    public TimeSpan UpdateDelay => UpdateConfig.Delay;
    public TimeSpan UpdateMonitor => UpdateConfig.Monitor;
    public FailureAction UpdateFailureAction => UpdateConfig.FailureAction;
    public double UpdateMaxFailureRatio => UpdateConfig.MaxFailureRatio;
    public UpdateOrder UpdateOrder => UpdateConfig.Order;
    public long RollbackParallelism => RollbackConfig.Parallelism;
    public TimeSpan RollbackDelay => RollbackConfig.Delay;
    public TimeSpan RollbackMonitor => RollbackConfig.Monitor;
    public FailureAction RollbackFailureAction => RollbackConfig.FailureAction;
    public double RollbackMaxFailureRatio => RollbackConfig.MaxFailureRatio;
    public UpdateOrder RollbackOrder => RollbackConfig.Order;

    private HealthCheck? ActiveHealthCheck => NoHealthCheck ? null : HealthCheck;

    public override string ToString() => Name;
}

public sealed class HealthCheck
{
    /// <summary>Docker's form: NONE; CMD and arguments; CMD-SHELL and a line.</summary>
    public string[] Test { get; set; } = [];
    public TimeSpan? Interval { get; set; }
    public TimeSpan? Timeout { get; set; }
    public TimeSpan? StartPeriod { get; set; }
    public int Retries { get; set; }

    public override string ToString() => string.Join(' ', Test);
}

public sealed class Mount
{
    public MountType Type { get; set; }
    public string Source { get; set; } = "";
    public string Target { get; set; } = "";
    public bool ReadOnly { get; set; }

    /// <summary>Bytes; 0: no limit.</summary>
    public long TmpfsSize { get; set; }
    public int TmpfsMode { get; set; }
    public string VolumeDriver { get; set; } = "";
    public Dictionary<string, string> VolumeLabels { get; set; } = [];

    public override string ToString()
    {
        var text = Type == MountType.Tmpfs ? $"tmpfs:{Target}" : $"{Source}:{Target}";
        string[] options =
        [
            .. TmpfsSize > 0 ? [$"size {Display.Size(TmpfsSize)}"] : Array.Empty<string>(),
            .. TmpfsMode > 0 ? [$"mode {Convert.ToString(TmpfsMode, 8)}"] : Array.Empty<string>(),
            .. VolumeDriver.Length > 0 ? [$"driver {VolumeDriver}"] : Array.Empty<string>(),
            .. VolumeLabels.Count > 0 ? [$"labels {Display.Map(VolumeLabels)}"] : Array.Empty<string>(),
        ];
        return text + (ReadOnly ? ":ro" : "") + (options.Length == 0 ? "" : $" ({string.Join(", ", options)})");
    }
}

public sealed class UpdateConfig
{
    /// <summary>0: all at once.</summary>
    public long Parallelism { get; set; }
    public TimeSpan Delay { get; set; }
    public TimeSpan Monitor { get; set; }
    public FailureAction FailureAction { get; set; }
    public double MaxFailureRatio { get; set; }
    public UpdateOrder Order { get; set; }

    public override string ToString() =>
        FormattableString.Invariant(
            $"parallelism {Parallelism}, delay {Display.Duration(Delay)}, monitor {Display.Duration(Monitor)}, on failure {Display.Word(FailureAction)}, max failure ratio {MaxFailureRatio}, {Display.Word(Order)}"
        );
}

public sealed class UpdateStatus
{
    public UpdateState State { get; set; }
    public DateTime? StartedAt { get; set; }
    public DateTime? CompletedAt { get; set; }
    public string Message { get; set; } = "";

    /// <summary>Id of the task for whose failure the update was rolled back or paused, or the rollback was paused; empty: none.</summary>
    public string FailedTaskId { get; set; } = "";

    /// <summary>Why that task failed.</summary>
    public string Error { get; set; } = "";

    public override string ToString() => string.Join(": ", new[] { Display.Word(State), Message, Error }.Where(static t => t.Length > 0));
}

/// <summary>A kept version of a service's spec.</summary>
public sealed class ServiceRevision
{
    public string ServiceId { get; set; } = "";
    public string ServiceName { get; set; } = "";
    public long Number { get; set; }
    public bool IsCurrent { get; set; }
    public long Running { get; set; }
    public string Image { get; set; } = "";
    public long? Replicas { get; set; }

    /// <summary>Differences from the previous revision, one line a property.</summary>
    public string[] Changes { get; set; } = [];
    public DateTime? CreatedAt { get; set; }

    public override string ToString() => $"{ServiceName} revision {Number}";
}
