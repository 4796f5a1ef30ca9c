using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>The tasks of a worker whose swarmd is stopped, upgraded or killed. Source: design, "Restarts and crashes of swarmd".</summary>
[Collection(ProcessTests.Name)]
public sealed class WorkerRestartTests
{
    [Theory]
    [InlineData("Process")]
    [InlineData("Docker")]
    public async Task Stopped_and_upgraded_within_its_grace_a_node_stays_ready_and_keeps_every_task(string executor)
    {
        // The longest grace that a manager grants: a busy machine may need more than the usual 30 s until the upgrade.
        await using var swarm = await ProcessSwarm.StartAsync(executor, workers: 2, arguments: ["--restart-grace", "10m"]);
        var (upgraded, killed) = (swarm.Workers[0], swarm.Workers[1]);
        var before = await swarm.RunAsync("web", 2, "node.hostname==worker1");

        Assert.Equal(0, await upgraded.TerminateAsync());
        Assert.False(File.Exists(upgraded.Socket));
        var held = await swarm.NodeAsync(upgraded);
        Assert.Equal((V1.NodeState.Ready, "restarting"), (held.State, held.StateMessage));
        // Longer than a node may be silent without an announcement: the other node is Down by then.
        await killed.KillAsync();
        await swarm.NodeAsync(killed, static n => n.State == V1.NodeState.Down);
        held = await swarm.NodeAsync(upgraded);
        Assert.Equal((V1.NodeState.Ready, "restarting"), (held.State, held.StateMessage));
        await swarm.AssertKeptAsync("web", before);

        // An upgrade: another swarmd on the same state directory.
        await upgraded.StartAsync(SwarmdProgram.Find().CopyTo(swarm.Combine("upgrade")));
        await swarm.NodeAsync(upgraded, static n => n is { State: V1.NodeState.Ready, StateMessage: "" });
        await swarm.AssertKeptAsync("web", before);

        // The new swarmd has adopted them: it notices that a task ends, and the slot gets another.
        before[0].Kill();
        var tasks = await swarm.TasksAsync("web", static t => t.Count == 3 && t.Count(ProcessSwarm.IsRunning) == 2);
        var failed = Assert.Single(tasks, t => t.Id == before[0].Id);
        Assert.Equal((V1.TaskState.Failed, 137), (failed.Status.State, failed.Status.ExitCode));
        Assert.Contains(tasks, t => t.Id == before[1].Id && ProcessSwarm.IsRunning(t));
        Assert.True(before[1].IsAlive);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Docker")]
    public async Task Stopped_and_not_back_within_its_grace_a_node_is_down_and_its_tasks_start_elsewhere(string executor)
    {
        await using var swarm = await ProcessSwarm.StartAsync(executor, workers: 0);
        await using var worker = new SwarmdNode(swarm.Combine(""), "worker1", executor) { Arguments = { "--restart-grace", "500ms" } };
        await worker.StartAsync();
        await swarm.JoinAsync(worker);
        var before = await swarm.RunAsync("web", 1, "node.role==worker");
        // Without a node that could take it, the task would wait for its own.
        await using var other = new SwarmdNode(swarm.Combine(""), "worker2", executor);
        await other.StartAsync();
        await swarm.JoinAsync(other);
        Assert.Equal(0, await worker.TerminateAsync());
        var down = await swarm.NodeAsync(worker, static n => n.State == V1.NodeState.Down);
        Assert.Equal("did not come back from its restart in time", down.StateMessage);
        var tasks = await swarm.TasksAsync("web", t => t.Any(x => x.NodeName == "worker2" && ProcessSwarm.IsRunning(x)));
        Assert.Equal(V1.TaskState.Shutdown, Assert.Single(tasks, t => t.Id == before[0].Id).DesiredState);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Docker")]
    public async Task Killed_and_back_before_it_is_down_a_node_keeps_every_task(string executor)
    {
        // Far longer than any restart takes.
        await using var swarm = await ProcessSwarm.StartAsync(executor, workers: 1, heartbeat: TimeSpan.FromSeconds(60));
        var worker = swarm.Workers[0];
        var before = await swarm.RunAsync("web", 3, "node.hostname==worker1");

        await worker.KillAsync();
        await swarm.NodeAsync(worker, static n => n.State == V1.NodeState.Disconnected);
        Assert.All(before, t => Assert.True(t.IsAlive));

        await worker.StartAsync();
        await swarm.NodeAsync(worker, static n => n.State == V1.NodeState.Ready);
        await swarm.AssertKeptAsync("web", before);

        before[2].Kill();
        await swarm.TasksAsync("web", static t => t.Count == 4 && t.Count(ProcessSwarm.IsRunning) == 3);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Docker")]
    public async Task Killed_and_back_after_it_was_down_a_node_stops_what_was_replaced_and_keeps_the_rest(string executor)
    {
        await using var swarm = await ProcessSwarm.StartAsync(executor, workers: 2);
        var (lost, other) = (swarm.Workers[0], swarm.Workers[1]);
        var web = await swarm.RunAsync("web", 2, "node.role==worker");
        var everywhere = await swarm.RunAsync("everywhere", 2, "node.role==worker", global: true);
        var replaced = Assert.Single(web, t => t.NodeName == lost.Name);
        var kept = Assert.Single(everywhere, t => t.NodeName == lost.Name);

        await lost.KillAsync();
        await swarm.NodeAsync(lost, static n => n.State == V1.NodeState.Down);
        await swarm.TasksAsync("web", t => t.Count(x => ProcessSwarm.IsRunning(x) && x.NodeName == other.Name) == 2);
        Assert.True(replaced.IsAlive);
        Assert.True(kept.IsAlive);

        await lost.StartAsync();
        await swarm.NodeAsync(lost, static n => n.State == V1.NodeState.Ready);
        var tasks = await swarm.TasksAsync("web", t => t.Single(x => x.Id == replaced.Id).Status.State == V1.TaskState.Shutdown);
        await Eventually.BeTrueAsync(() => !replaced.IsAlive, "the replaced task has ended");
        Assert.Equal(2, tasks.Count(t => ProcessSwarm.IsRunning(t) && t.NodeName == other.Name));
        Assert.Equal(3, tasks.Count);
        await swarm.AssertKeptAsync("everywhere", everywhere);
    }
}
