namespace Swarm.Agent.Executors.Simulated;

/// <summary>The script of one simulated task: the duration of each step, and failures. Times run on the executor's TimeProvider.</summary>
public sealed record SimulatedBehaviour
{
    public TimeSpan PrepareTime { get; init; }
    public TimeSpan StartTime { get; init; }

    /// <summary>From the stop signal to the end, unless the signal is ignored.</summary>
    public TimeSpan StopTime { get; init; }

    /// <summary>The time from its start until it ends by itself; null: never.</summary>
    public TimeSpan? RunTime { get; init; }
    public int ExitCode { get; init; }
    public bool OutOfMemory { get; init; }
    public bool IgnoresStopSignal { get; init; }

    /// <summary>Exit code after the stop signal; SIGKILL always gives 137.</summary>
    public int StopExitCode { get; init; }

    /// <summary>Only for tasks with a health check; null: the task never becomes healthy.</summary>
    public TimeSpan? HealthyAfter { get; init; } = TimeSpan.Zero;
    public TimeSpan? UnhealthyAfter { get; init; }
    public TaskRejectedException? Rejection { get; init; }

    /// <summary>The reason why the task cannot be started; null: it can.</summary>
    public string? StartError { get; init; }
}
