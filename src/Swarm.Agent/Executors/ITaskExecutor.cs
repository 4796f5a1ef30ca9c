using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Agent.Executors;

/// <summary>Runs tasks on this node. Three implementations (Docker, Process, Simulated) share this contract and its test suite.</summary>
/// <remarks>An executor knows nothing of desired states; the agent's task runner calls it step by step. Every method may be called again
/// after a failure or a restart of swarmd. It must then find the existing task (by label or by its files), and must not create a second
/// one.</remarks>
public interface ITaskExecutor : IAsyncDisposable
{
    /// <summary>Docker, Process or Simulated.</summary>
    string Name { get; }

    /// <summary>Describes the node and its resources. Called at start and then periodically; a change is sent to the manager.</summary>
    /// <exception cref="ExecutorUnavailableException">The engine does not answer.</exception>
    Task<NodeDescription> DescribeAsync(CancellationToken cancellation);

    /// <summary>All existing tasks of this cluster and node, running or ended. swarmd adopts them after a restart.</summary>
    Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation);

    /// <summary>Makes the image available (pulls, with the credential if there is one) and creates the task without starting it.</summary>
    /// <returns>The container id (or the process executor's own id).</returns>
    /// <exception cref="TaskRejectedException">The task can never run here: no such image, limits that cannot be enforced, invalid
    /// options.</exception>
    /// <exception cref="ExecutorUnavailableException">The engine does not answer; try again when it is back.</exception>
    Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Starts the task of <see cref="PrepareAsync"/>. Returns once it runs, before it is healthy.</summary>
    /// <exception cref="TaskFailedException">The task could not be started.</exception>
    Task StartAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Completes when the task is healthy (at once without a health check).</summary>
    /// <exception cref="TaskFailedException">The task ended, or became unhealthy.</exception>
    Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>As <see cref="WaitHealthyAsync(TaskDefinition, CancellationToken)"/>, and tells why it takes longer than it can take.</summary>
    /// <param name="task">It was started.</param>
    /// <param name="report">Takes the reason for the task's status message; called at most once for a wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task WaitHealthyAsync(TaskDefinition task, Action<string> report, CancellationToken cancellation) =>
        WaitHealthyAsync(task, cancellation);

    /// <summary>Completes when the task has ended, or has become unhealthy. The caller stops an unhealthy task, which counts as
    /// failed.</summary>
    Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Sends the stop signal, and SIGKILL after the grace period. Returns once the task has ended; does nothing if it has ended
    /// already.</summary>
    Task StopAsync(TaskDefinition task, CancellationToken cancellation);

    /// <summary>Removes an ended task; kills one that still runs. Does nothing if the task does not exist.</summary>
    Task RemoveAsync(string taskId, CancellationToken cancellation);

    /// <summary>The main process of a running task; 0 when unknown.</summary>
    Task<long> GetPidAsync(TaskDefinition task, CancellationToken cancellation) => Task.FromResult(0L);

    /// <summary>Resolves an image reference now; null when it is unknown.</summary>
    /// <exception cref="ImageNotResolvedException">It is unknown, and the registry gave a reason.</exception>
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

    /// <summary>Where the nodes of the swarm reach the task, for <see cref="ITaskExecutor.PrepareAsync"/>; null: it publishes nothing.</summary>
    public TaskEndpoint? Endpoint { get; init; }
}

/// <summary>A task found on this node.</summary>
public sealed record ExecutorTask(string TaskId, string ServiceId, TaskStatus Status);

/// <summary>The end of a task.</summary>
/// <param name="ExitCode">128 + signal when a signal ended it.</param>
/// <param name="Error">Empty for exit code 0; else Docker's message: "task: non-zero exit (1)", "task: non-zero exit (137): OOM killed",
/// "unhealthy container".</param>
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
