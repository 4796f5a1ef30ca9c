namespace Swarm.Agent.Executors.Docker;

/// <summary>Which engine the Docker executor talks to, and how.</summary>
public sealed record DockerExecutorOptions
{
    public required ExecutorNode Node { get; init; }

    /// <summary><c>unix:///…</c>, <c>npipe://…</c> or <c>tcp://…</c>; null: DOCKER_HOST, else the engine of this machine.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Creates and starts asked of the engine at the same time: four for each processor, where it does its best (8 on two, of 2, 4, 8 and 16 tried:
    /// docs/performance.md), and 32 at most.</summary>
    public int Parallelism { get; init; } = Math.Min(32, 4 * Environment.ProcessorCount);
}
