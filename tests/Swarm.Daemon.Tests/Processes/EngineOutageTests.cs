using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>A container engine that stops and comes back under a running swarm.</summary>
[Collection(ProcessTests.Name)]
public sealed class EngineOutageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private const string Anywhere = "node.role==manager";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_engine_that_comes_back_with_its_containers_keeps_every_task(bool stopped)
    {
        await using var engine = await DockerEngine.StartNewAsync(liveRestore: true);
        await using var swarm = await ProcessSwarm.StartAsync("Docker", workers: 0, engine: engine);
        var before = await swarm.RunAsync("web", 2, Anywhere);

        await (stopped ? engine.StopAsync() : engine.KillAsync());
        Assert.All(before, static t => Assert.True(t.IsAlive));
        // A change that needs the engine waits for it.
        await swarm.Control.Services.ScaleServicesAsync(
            new()
            {
                Services =
                {
                    new V1.ServiceScale { Selector = "web", Replicas = 3 },
                },
            },
            cancellationToken: Cancel
        );
        await swarm.TasksAsync("web", static t => t.Exists(x => x.Slot == 3 && x.Status.State == V1.TaskState.Preparing));
        var node = await swarm.NodeAsync(swarm.Manager);
        Assert.Equal(V1.NodeState.Ready, node.State);

        await engine.StartAsync();
        var tasks = await swarm.TasksAsync("web", static t => t.Count(ProcessSwarm.IsRunning) == 3);
        Assert.Equal(3, tasks.Count);
        Assert.All(before, b => Assert.Contains(tasks, t => t.Id == b.Id && t.Status.Pid == b.Pid));
        Assert.All(before, static t => Assert.True(t.IsAlive));
        Assert.Equal(3, (await engine.ContainersAsync(running: true)).Count);

        // The ends of old and new tasks are noticed again.
        before[0].Kill();
        await swarm.TasksAsync("web", static t => t.Count == 4 && t.Count(ProcessSwarm.IsRunning) == 3);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tasks_that_ended_with_their_engine_are_started_again_when_it_is_back(bool stopped)
    {
        await using var engine = await DockerEngine.StartNewAsync();
        await using var swarm = await ProcessSwarm.StartAsync("Docker", workers: 0, engine: engine);
        var before = await swarm.RunAsync("web", 3, Anywhere);
        var dead = before.Select(static t => t.Id).ToHashSet();

        await (stopped ? engine.StopAsync() : engine.KillAsync());
        await engine.StartAsync();
        var tasks = await swarm.TasksAsync(
            "web",
            t =>
                t.Count(ProcessSwarm.IsRunning) == 3
                && t.Where(x => dead.Contains(x.Id)).All(static x => x.Status.State > V1.TaskState.Running)
        );
        // Three slots each have a running task; none of the old tasks is still there, and there is no surplus container.
        Assert.Equal([1UL, 2UL, 3UL], tasks.Where(ProcessSwarm.IsRunning).Select(static t => t.Slot).Order());
        Assert.All(before, static t => Assert.False(t.IsAlive));
        var running = await Eventually.GetAsync(
            () => engine.ContainersAsync(running: true),
            static c => c.Count == 3,
            "three containers run"
        );
        Assert.Equal(
            tasks.Where(ProcessSwarm.IsRunning).Select(static t => t.Status.ContainerId).Order(StringComparer.Ordinal),
            running.Select(static c => c.ID).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_node_that_starts_before_its_engine_says_so_and_then_goes_on()
    {
        await using var engine = await DockerEngine.StartNewAsync(liveRestore: true);
        await using var swarm = await ProcessSwarm.StartAsync("Docker", workers: 1, engine: engine);
        var worker = swarm.Workers[0];
        var before = await swarm.RunAsync("web", 2, "node.role==worker");
        await engine.StopAsync();
        await worker.KillAsync();
        await worker.StartAsync();
        var info = await Eventually.GetAsync(
            () => worker.Control.Daemon.GetDaemonAsync(new(), cancellationToken: Cancel).ResponseAsync,
            static i => i.StateMessage.StartsWith("waiting for the executor", StringComparison.Ordinal),
            "it says what it waits for",
            worker.Log
        );
        Assert.Equal(V1.LocalNodeState.Pending, info.State);
        Assert.Contains("container engine does not answer", info.StateMessage, StringComparison.Ordinal);

        await engine.StartAsync();
        await swarm.NodeAsync(worker, static n => n.State == V1.NodeState.Ready);
        var tasks = await swarm.TasksAsync("web", static t => t.Count(ProcessSwarm.IsRunning) == 2);
        // The node may have been Down meanwhile, and no other node could take its tasks: it kept them, or they were replaced on it.
        Assert.Equal(
            2,
            (await Eventually.GetAsync(() => engine.ContainersAsync(running: true), static c => c.Count == 2, "two containers run")).Count
        );
        Assert.Equal([1UL, 2UL], tasks.Where(ProcessSwarm.IsRunning).Select(static t => t.Slot).Order());
        Assert.NotEmpty(before);
    }

    [Fact]
    public async Task A_service_that_is_removed_while_the_engine_is_away_is_gone_when_it_is_back()
    {
        await using var engine = await DockerEngine.StartNewAsync(liveRestore: true);
        await using var swarm = await ProcessSwarm.StartAsync("Docker", workers: 0, engine: engine);
        var before = await swarm.RunAsync("web", 2, Anywhere);
        await engine.StopAsync();
        await swarm.Control.Services.RemoveServiceAsync(new() { Selector = "web" }, cancellationToken: Cancel);
        Assert.All(before, static t => Assert.True(t.IsAlive));
        await engine.StartAsync();
        await Eventually.GetAsync(
            () => engine.ContainersAsync(running: false),
            static c => c.Count == 0,
            "no container is left",
            swarm.Manager.Log
        );
        Assert.All(before, static t => Assert.False(t.IsAlive));
    }
}
