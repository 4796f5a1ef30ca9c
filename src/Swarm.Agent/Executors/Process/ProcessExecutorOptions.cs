namespace Swarm.Agent.Executors.Process;

/// <summary>The directories of the process executor's tasks and images, and its limits.</summary>
public sealed record ProcessExecutorOptions
{
    public required ExecutorNode Node { get; init; }

    /// <summary>Has a directory for each task; survives restarts of swarmd. Created if missing.</summary>
    public required string TasksDirectory { get; init; }

    /// <summary>Images are <c>&lt;name&gt;/&lt;tag&gt;/manifest.json</c>; the default is the folder beside swarmd.</summary>
    public string ImagesDirectory { get; init; } = Path.Combine(AppContext.BaseDirectory, "images");

    /// <summary>Bytes of standard output (and of standard error) kept per task before the file is rotated; one old file is kept.</summary>
    public long MaxLogBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>The file that lists where the control groups of the limits are mounted.</summary>
    public string MountTable { get; init; } = "/proc/mounts";

    /// <summary>A command that becomes the command after it with <see cref="Host.Processes.OrphanAdopter"/>: swarmd itself. It is used
    /// where tasks get no control group. Empty: without one, a process that leaves the session of its task is found by its environment
    /// only.</summary>
    public IReadOnlyList<string> OrphanAdopter { get; init; } = [];

    /// <summary>A command that serves HTTP, for images that come with swarmd. It takes an address, a port, a line to answer, and a file to create.
    /// Programs find it in the variable <c>SWARM_SAMPLE_SERVER</c>, in the shell's words. Empty: there is none.</summary>
    public IReadOnlyList<string> SampleServer { get; init; } = [];

    /// <summary>Program starts that run at the same time.</summary>
    public int LaunchParallelism { get; init; } = Math.Max(2, Environment.ProcessorCount);
}
