namespace Swarm.Daemon.Executors.Docker;

/// <summary>Which engine the Docker executor talks to, and how.</summary>
public sealed record DockerExecutorOptions
{
    public required ExecutorNode Node { get; init; }

    /// <summary><c>unix:///…</c>, <c>npipe://…</c> or <c>tcp://…</c>; null: DOCKER_HOST, else the engine of this machine.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Creates and starts asked of the engine at the same time; an engine does its best at about 16. Nodes that share one divide it.</summary>
    public int Parallelism { get; init; } = 16;
}
