namespace Swarm.Agent.Executors.Simulated;

/// <summary>The script of one simulated task: how long each step takes, and what goes wrong. Times run on the executor's TimeProvider.</summary>
public sealed record SimulatedBehaviour
{
    public TimeSpan PrepareTime { get; init; }
    public TimeSpan StartTime { get; init; }

    /// <summary>From the stop signal to the end, unless the signal is ignored.</summary>
    public TimeSpan StopTime { get; init; }

    /// <summary>It ends by itself so long after its start; null: never.</summary>
    public TimeSpan? RunTime { get; init; }
    public int ExitCode { get; init; }
    public bool OutOfMemory { get; init; }
    public bool IgnoresStopSignal { get; init; }

    /// <summary>Exit code after the stop signal; SIGKILL always gives 137.</summary>
    public int StopExitCode { get; init; }

    /// <summary>Only for tasks with a health check; null: it never becomes healthy.</summary>
    public TimeSpan? HealthyAfter { get; init; } = TimeSpan.Zero;
    public TimeSpan? UnhealthyAfter { get; init; }
    public TaskRejectedException? Rejection { get; init; }

    /// <summary>Not null: it cannot be started, for this reason.</summary>
    public string? StartError { get; init; }
}
