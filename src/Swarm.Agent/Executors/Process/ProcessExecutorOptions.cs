namespace Swarm.Agent.Executors.Process;

/// <summary>Where the process executor keeps its tasks and finds its images.</summary>
public sealed record ProcessExecutorOptions
{
    public required ExecutorNode Node { get; init; }

    /// <summary>One directory a task; survives restarts of swarmd. Created if missing.</summary>
    public required string TasksDirectory { get; init; }

    /// <summary>Images are <c>&lt;name&gt;/&lt;tag&gt;/manifest.json</c>; by default those that ship beside swarmd.</summary>
    public string ImagesDirectory { get; init; } = Path.Combine(AppContext.BaseDirectory, "images");

    /// <summary>Bytes of standard output (and of standard error) kept per task before the file is rotated; one old file is kept.</summary>
    public long MaxLogBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>Says where the control groups that hold tasks to their limits are mounted.</summary>
    public string MountTable { get; init; } = "/proc/mounts";

    /// <summary>Program starts that run at the same time.</summary>
    public int LaunchParallelism { get; init; } = Math.Max(2, Environment.ProcessorCount);
}
