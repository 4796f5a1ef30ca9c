namespace Swarm.Core.Tests.Simulation;

/// <summary>An invariant does not hold in a simulated swarm.</summary>
public sealed class SimulationFailedException(int seed, TimeSpan at, string problem, string history)
    : Exception($"seed {seed}, after {at:c}: {problem} (replay it alone with SWARM_SIM_SEED={seed})")
{
    public int Seed { get; } = seed;
    public string Problem { get; } = problem;

    /// <summary>The commits before the failure; empty unless recorded.</summary>
    public string History { get; } = history;
}
