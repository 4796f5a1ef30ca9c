using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Agent.Executors;

/// <summary>Runs tasks on this node. One contract, one contract test suite, three implementations: Docker, Process, Simulated.</summary>
/// <remarks>An executor knows nothing of desired states; the agent's task runner drives it step by step. Every method may be called again after a
/// failure or a restart of swarmd and must then find what is already there (by label or by its files), not make a second one.</remarks>
public interface ITaskExecutor : IAsyncDisposable
{
    /// <summary>Docker, Process or Simulated.</summary>
    string Name { get; }

    /// <summary>What this node is and has. Called at start and then now and again; a change is sent to the manager.</summary>
    /// <exception cref="ExecutorUnavailableException">The engine does not answer.</exception>
    Task<NodeDescription> DescribeAsync(CancellationToken cancellation);

    /// <summary>Everything of this cluster and node that exists here, running or ended: what is adopted after a restart of swarmd.</summary>
    Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation);

    /// <summary>Makes the image available (pulls, with the credential if there is one) and creates the task without starting it.</summary>
    /// <returns>The container id (or the process executor's own id).</returns>
    /// <exception cref="TaskRejectedException">It can never run here: no such image, limits that cannot be enforced, invalid options.</exception>
    /// <exception cref="ExecutorUnavailableException">The engine does not answer; try again when it is back.</exception>
    Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Starts what <see cref="PrepareAsync"/> made. Returns once it runs, before it is healthy.</summary>
    /// <exception cref="TaskFailedException">It could not be started.</exception>
    Task StartAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Completes when the task is healthy (at once without a health check).</summary>
    /// <exception cref="TaskFailedException">It ended, or became unhealthy.</exception>
    Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Completes when the task has ended, or has become unhealthy (it is then to be stopped and counts as failed).</summary>
    Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Sends the stop signal, and SIGKILL after the grace period. Returns once it has ended; does nothing if it has ended already.</summary>
    Task StopAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Removes what is left of an ended task; one that still runs is killed. Does nothing if nothing is left.</summary>
    Task RemoveAsync(string taskId, CancellationToken cancellation);

    /// <summary>The main process of a running task, 0 when it cannot be told.</summary>
    Task<long> GetPidAsync(TaskDefinition task, CancellationToken cancellation) => Task.FromResult(0L);

    /// <summary>What an image reference means now, or null when it cannot be told.</summary>
    /// <exception cref="ImageNotResolvedException">It cannot be told, and the registry said why.</exception>
    Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation);
}

/// <summary>A task as an executor sees it.</summary>
public sealed record TaskDefinition
{
    public required string TaskId { get; init; }
    public required string ServiceId { get; init; }
    public required string ServiceName { get; init; }
    public required uint Slot { get; init; }
    public required ulong Revision { get; init; }

    /// <summary>helloworld.1.&lt;task id&gt; — and for global services helloworld.&lt;node id&gt;.&lt;task id&gt;.</summary>
    public required string ContainerName { get; init; }
    public required ServiceSpec Spec { get; init; }
    public RegistryCredential? RegistryCredential { get; init; }
}

/// <summary>A task found on this node.</summary>
public sealed record ExecutorTask(string TaskId, string ServiceId, TaskStatus Status);

/// <summary>How a task ended.</summary>
/// <param name="ExitCode">128 + signal when a signal ended it.</param>
/// <param name="Error">Empty for exit code 0; else Docker's words: "task: non-zero exit (1)", "task: non-zero exit (137): OOM killed", "unhealthy container".</param>
public sealed record ExecutorExit(int ExitCode, string Error);

/// <summary>This node can never run that task.</summary>
public sealed class TaskRejectedException(string errorId, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>NoSuchImage, LimitNotEnforceable, NotSupportedByExecutor, InvalidOption.</summary>
    public string ErrorId { get; } = errorId;
}

/// <summary>The task could not be started, or did not become healthy.</summary>
public sealed class TaskFailedException(string message, int? exitCode = null, Exception? inner = null) : Exception(message, inner)
{
    public int? ExitCode { get; } = exitCode;
}

/// <summary>The engine does not answer.</summary>
public sealed class ExecutorUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
