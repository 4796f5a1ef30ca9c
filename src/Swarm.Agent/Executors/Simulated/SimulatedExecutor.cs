using Swarm.Core.Model;

namespace Swarm.Agent.Executors.Simulated;

/// <summary>Runs tasks as state machines on a <see cref="SimulatedHost"/>: for scale, benchmarks and simulation tests. Starts no process and opens no file.</summary>
/// <remarks>Takes every option of a service. Only the health check and the stop grace period have an effect: a simulated task has no container.</remarks>
public sealed class SimulatedExecutor(ExecutorNode node, SimulatedHost host) : ITaskExecutor
{
    private static readonly ResourceAmount StandardResources = new(4_000_000_000, 8L << 30);

    public string Name => ExecutorNames.Simulated;

    public Task<NodeDescription> DescribeAsync(CancellationToken cancellation)
    {
        Require();
        return Task.FromResult(
            new NodeDescription
            {
                Hostname = node.Hostname,
                Os = "linux",
                Architecture = "x86_64",
                Resources = node.Resources ?? StandardResources,
                EngineVersion = node.SwarmdVersion,
                EngineLabels = node.Labels,
                Executor = Name,
                SwarmdVersion = node.SwarmdVersion,
            }
        );
    }

    public Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation)
    {
        Require();
        return Task.FromResult<IReadOnlyList<ExecutorTask>>([.. host.All().Select(t => t.Observe())]);
    }

    public async Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation)
    {
        Require();
        if (host.Find(task.TaskId) is { } existing)
        {
            return existing.ContainerId;
        }
        var behaviour = host.BehaviourOf(task);
        await PassAsync(behaviour.PrepareTime, cancellation);
        Require();
        return behaviour.Rejection is { } rejection ? throw rejection : host.Add(task, behaviour).ContainerId;
    }

    public async Task StartAsync(TaskDefinition task, CancellationToken cancellation)
    {
        Require();
        var simulated =
            host.Known(task) ?? throw new TaskFailedException($"starting container failed: No such container: {task.ContainerName}");
        if (simulated.IsStarted)
        {
            return;
        }
        await PassAsync(simulated.Behaviour.StartTime, cancellation);
        Require();
        if (simulated.Behaviour.StartError is { } error)
        {
            throw new TaskFailedException("starting container failed: " + error);
        }
        simulated.Start();
    }

    public async Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation)
    {
        Require();
        if (host.Known(task) is not { IsStarted: true } simulated)
        {
            throw new TaskFailedException($"No such container: {task.ContainerName}");
        }
        if (task.Spec.Container.HealthCheck is null)
        {
            return;
        }
        await Task.WhenAny(simulated.Healthy, simulated.Unhealthy, simulated.Ended).WaitAsync(cancellation);
        if (simulated.Ended.IsCompleted)
        {
            var (code, outOfMemory) = await simulated.Ended;
            throw new TaskFailedException(ExitMessages.BeforeHealthy(ExitMessages.For(code, outOfMemory)), code);
        }
        if (simulated.Unhealthy.IsCompleted)
        {
            throw new TaskFailedException(ExitMessages.Unhealthy);
        }
    }

    public async Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation)
    {
        Require();
        if (host.Known(task) is not { IsStarted: true } simulated)
        {
            return new ExecutorExit(137, $"No such container: {task.ContainerName}");
        }
        await Task.WhenAny(simulated.Ended, simulated.Unhealthy).WaitAsync(cancellation);
        if (!simulated.Ended.IsCompleted)
        {
            return new ExecutorExit(0, ExitMessages.Unhealthy);
        }
        var (code, outOfMemory) = await simulated.Ended;
        return new ExecutorExit(code, ExitMessages.For(code, outOfMemory));
    }

    public async Task StopAsync(TaskDefinition task, CancellationToken cancellation)
    {
        Require();
        if (host.Known(task) is { IsStarted: true } simulated && !simulated.Ended.IsCompleted)
        {
            simulated.SendStopSignal();
            await Task.WhenAny(simulated.Ended, Task.Delay(simulated.Grace, host.Time, cancellation));
            cancellation.ThrowIfCancellationRequested();
            if (!simulated.Ended.IsCompleted)
            {
                simulated.End(137, false);
            }
        }
    }

    public Task RemoveAsync(string taskId, CancellationToken cancellation)
    {
        Require();
        host.Find(taskId)?.End(137, false);
        host.Remove(taskId);
        return Task.CompletedTask;
    }

    /// <summary>A simulated image never moves: it has no digest.</summary>
    public Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation) =>
        Task.FromResult<ResolvedImage?>(null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Require()
    {
        if (!host.Available)
        {
            throw new ExecutorUnavailableException("The simulated engine is away.");
        }
    }

    private Task PassAsync(TimeSpan delay, CancellationToken cancellation) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, host.Time, cancellation) : Task.CompletedTask;
}
