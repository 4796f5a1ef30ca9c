namespace Swarm.Core.Orchestration.Planning;

/// <summary>Settings of a <see cref="ControlLoop"/>.</summary>
public sealed record ControlLoopOptions
{
    public static ControlLoopOptions Default { get; } = new();

    /// <summary>Tasks of a node that has been down for longer become Orphaned. Docker's 24 h (moby/swarmkit dispatcher, defaultNodeDownPeriod).</summary>
    public TimeSpan OrphanAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The time beyond its stop grace period that a task may take to stop; after it, the replacement no longer waits.
    /// SwarmKit waits one minute in all (defaultOldTaskTimeout), which a longer grace period would outlast.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Revisions of a service that are kept besides the ones in use.</summary>
    public int RevisionsKept { get; init; } = 20;

    internal InjectedFault Fault { get; init; }
}
