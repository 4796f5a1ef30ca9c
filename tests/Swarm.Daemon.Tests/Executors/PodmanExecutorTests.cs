using Swarm.Agent.Executors;
using Swarm.Daemon.Tests.Processes;

namespace Swarm.Daemon.Tests.Executors;

/// <summary>The Docker executor on the Docker socket of Podman.</summary>
public sealed class PodmanExecutorTests(PodmanEngine engine) : DockerExecutorTests, IClassFixture<PodmanEngine>
{
    protected override Uri? Endpoint => engine.Endpoint;

    public override async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(engine.Missing is null, engine.Missing ?? "");
        await base.InitializeAsync();
    }

    [Fact]
    public async Task A_health_check_that_nobody_runs_is_told()
    {
        Assert.SkipWhen(Directory.Exists("/run/systemd/system"), "systemd runs Podman's health checks here.");
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever) with { HealthCheck = Healthy with { Timeout = TimeSpan.FromSeconds(1) } });
        await StartAsync(executor, task);
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = executor.WaitHealthyAsync(task, told.SetResult, Cancel);
        Assert.Equal(
            "the health check was due after 0.2 s and has not run within 6.4 s; the engine runs none (Podman needs systemd for them)",
            await Deadline.WaitAsync(told.Task, "the executor to tell of the check")
        );
        Assert.False(waiting.IsCompleted);
        // The check decides all the same, once it is run.
        await using var checks = RunChecks(task);
        await waiting;
    }

    /// <summary>Podman tells the reason within the stream of progress only.</summary>
    protected override string MissingReason => "";

    /// <summary>Podman 4.3 does not tell that of a container in a hierarchy of version 1.</summary>
    protected override string OutOfMemoryError => "task: non-zero exit (137)";

    protected override void RequireCommittedChecks() => Assert.Skip("Podman's commit does not know the instruction HEALTHCHECK.");

    protected override IAsyncDisposable RunChecks(TaskDefinition task) => new Timer(engine, task.ContainerName);

    private sealed class Timer : IAsyncDisposable
    {
        private readonly CancellationTokenSource _over = new();
        private readonly Task _run;

        public Timer(PodmanEngine engine, string container) => _run = RunAsync(engine, container);

        public async ValueTask DisposeAsync()
        {
            await _over.CancelAsync();
            await _run;
            _over.Dispose();
        }

        private async Task RunAsync(PodmanEngine engine, string container)
        {
            while (!_over.IsCancellationRequested)
            {
                await engine.CheckAsync(container);
            }
        }
    }
}
