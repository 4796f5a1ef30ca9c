using System.Collections.Concurrent;
using Swarm.Agent.Executors;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>An executor whose node changes while it is used: the engine is given a label, or the machine another name. It notes the definitions of tasks.</summary>
internal sealed class ChangingExecutor(ITaskExecutor inner) : ITaskExecutor
{
    public Func<NodeDescription, NodeDescription> Change { get; set; } = static description => description;

    /// <summary>The definitions that it was given, call by call.</summary>
    public ConcurrentQueue<TaskDefinition> Definitions { get; } = new();

    public string Name => inner.Name;

    public async Task<NodeDescription> DescribeAsync(CancellationToken cancellation) => Change(await inner.DescribeAsync(cancellation));

    public Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation) => inner.ListAsync(cancellation);

    public Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation) => inner.PrepareAsync(Noted(task), cancellation);

    public Task StartAsync(TaskDefinition task, CancellationToken cancellation) => inner.StartAsync(Noted(task), cancellation);

    public Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation) => inner.WaitHealthyAsync(Noted(task), cancellation);

    public Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation) =>
        inner.WaitExitAsync(Noted(task), cancellation);

    public Task StopAsync(TaskDefinition task, CancellationToken cancellation) => inner.StopAsync(Noted(task), cancellation);

    public Task RemoveAsync(string taskId, CancellationToken cancellation) => inner.RemoveAsync(taskId, cancellation);

    public Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation) =>
        inner.ResolveImageAsync(image, credential, cancellation);

    public Task<long> GetPidAsync(TaskDefinition task, CancellationToken cancellation) => inner.GetPidAsync(Noted(task), cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private TaskDefinition Noted(TaskDefinition task)
    {
        Definitions.Enqueue(task);
        return task;
    }
}
