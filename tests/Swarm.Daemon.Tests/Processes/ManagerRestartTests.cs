using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>Restarts of the manager's own swarmd. It is the only manager, so nobody can call it Down: whenever it comes back, everything is
/// kept.</summary>
[Collection(ProcessTests.Name)]
public sealed class ManagerRestartTests
{
    [Theory]
    [InlineData("Process", true)]
    [InlineData("Process", false)]
    [InlineData("Docker", true)]
    [InlineData("Docker", false)]
    public async Task A_manager_that_comes_back_keeps_its_own_tasks_and_its_workers(string executor, bool planned)
    {
        await using var swarm = await ProcessSwarm.StartAsync(executor, workers: 1, heartbeat: TimeSpan.FromSeconds(4));
        var worker = swarm.Workers[0];
        var own = await swarm.RunAsync("own", 2, "node.role==manager");
        var web = await swarm.RunAsync("web", 2, "node.role==worker");

        if (planned)
        {
            Assert.Equal(0, await swarm.Manager.TerminateAsync());
        }
        else
        {
            await swarm.Manager.KillAsync();
        }
        Assert.All(own.Concat(web), t => Assert.True(t.IsAlive));
        // The worker has failed to connect often enough to reach its longest pause.
        await Eventually.BeTrueAsync(
            () => worker.Output.Count(static l => l.Contains("next try in", StringComparison.Ordinal)) >= 7,
            "the worker is cut off",
            worker.Log
        );
        // A task ends meanwhile, and no manager learns of it.
        web[1].Kill();

        await swarm.Manager.StartAsync();
        await swarm.NodeAsync(swarm.Manager, static n => n is { State: V1.NodeState.Ready, StateMessage: "" });
        await swarm.NodeAsync(worker, static n => n is { State: V1.NodeState.Ready, StateMessage: "" });
        Assert.True(
            swarm.Manager.Output.All(static l => !l.Contains("is down:", StringComparison.Ordinal)),
            $"{swarm.Manager.Log()}\n\n{worker.Log()}"
        );
        await swarm.AssertKeptAsync("own", own);
        var tasks = await swarm.TasksAsync("web", static t => t.Count == 3 && t.Count(ProcessSwarm.IsRunning) == 2);
        Assert.Equal(V1.TaskState.Failed, Assert.Single(tasks, t => t.Id == web[1].Id).Status.State);
        Assert.True(web[0].IsAlive);

        own[0].Kill();
        await swarm.TasksAsync("own", static t => t.Count == 3 && t.Count(ProcessSwarm.IsRunning) == 2);
    }
}
