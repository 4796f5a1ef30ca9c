namespace Swarm.Agent.Executors.Docker;

/// <summary>The engine of the Docker executor, and the limits of its use.</summary>
public sealed record DockerExecutorOptions
{
    public required ExecutorNode Node { get; init; }

    /// <summary><c>unix:///…</c>, <c>npipe://…</c> or <c>tcp://…</c>; null: DOCKER_HOST, else the engine of this machine.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Create and start calls at the same time: four for each processor, and 32 at most. With that an engine is fastest (8 on two
    /// processors, of 2, 4, 8 and 16 tried: docs/performance.md).</summary>
    public int Parallelism { get; init; } = Math.Min(32, 4 * Environment.ProcessorCount);
}
