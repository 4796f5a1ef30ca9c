using Swarm.Daemon.Tests.Processes;
using Swarm.Host.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>Process tasks that ran when an archive was made: this build adopts them unchanged, and stops them on request.</summary>
public sealed class TaskTakeoverTests
{
    public static TheoryData<string> Swarms { get; } = ["plain-small", "plain-compacted", "autolocked-small", "autolocked-compacted"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Swarms))]
    public async Task Running_tasks_are_adopted_watched_and_stopped(string name)
    {
        await using var swarm = await TakeoverSwarm.OpenAsync(name);
        var (own, foreign) = (swarm.Manager.Programs.Running, swarm.Worker!.Programs.Running);
        await AssertAdoptedAsync(swarm);

        // The agent sees the end of a program, and the slot gets another task.
        var web = (await swarm.TasksAsync("web", static _ => true)).Where(ProcessSwarm.IsRunning).ToList();
        var lost = web.First(static t => t.Slot == 1);
        swarm.Worker.Programs.Kill(lost.Id);
        await swarm.TasksAsync(
            "web",
            t =>
                t.Count(ProcessSwarm.IsRunning) == 3
                && t.Single(x => x.Id == lost.Id).Status is { State: V1.TaskState.Failed, ExitCode: 137 }
        );
        Assert.All(foreign.Where(f => f.Key != lost.Id), static f => Assert.True(f.Value.IsAlive));

        // Programs are stopped when their services go.
        foreach (var service in (string[])["web", "own", "everywhere"])
        {
            await swarm.Control.Services.RemoveServiceAsync(new() { Selector = service }, cancellationToken: Cancel);
        }
        await Eventually.BeTrueAsync(
            () => own.Concat(foreign).All(static p => !p.Value.IsAlive),
            "the removed services' programs have ended",
            () => swarm.Manager.Daemon.Log
        );
        await Eventually.BeTrueAsync(
            () => swarm.Manager.Programs.TaskIds.Count == 0 && swarm.Worker.Programs.TaskIds.Count == 0,
            "the directories of the removed services' tasks are gone",
            () => swarm.Manager.Daemon.Log
        );
    }

    [Theory]
    [MemberData(nameof(Swarms))]
    public async Task A_worker_that_comes_back_before_its_manager_keeps_its_tasks(string name)
    {
        await using var swarm = await TakeoverSwarm.UnpackAsync(name);
        swarm.StartPrograms();
        await swarm.OpenWorkerAsync();
        var daemon = swarm.Worker!.Daemon;
        var info = await daemon.InfoAsync(static i =>
            i.StateMessage.StartsWith("no session with the manager at ", StringComparison.Ordinal)
        );
        Assert.Equal((swarm.Worker.Id, swarm.Archive.Cluster.Id, false), (info.NodeId, info.ClusterId, info.IsManager));
        Assert.Equal(swarm.Archive.Cluster.ManagerAddresses, info.ManagerAddresses);
        Assert.All(swarm.Worker.Programs.Running, static p => Assert.True(p.Value.IsAlive));

        await swarm.OpenManagerAsync();
        await swarm.ReadyAsync();
        await AssertAdoptedAsync(swarm);
    }

    /// <summary>Boot ids tell: a pid of the archive may be anybody's here.</summary>
    [Theory]
    [MemberData(nameof(Swarms))]
    public async Task After_a_start_of_the_machine_the_tasks_have_ended_and_are_replaced(string name)
    {
        await using var swarm = await TakeoverSwarm.UnpackAsync(name);
        swarm.Manager.Programs.Move();
        swarm.Worker!.Programs.Move();
        await swarm.OpenManagerAsync();
        await swarm.OpenWorkerAsync();
        await swarm.ReadyAsync();
        var ran = swarm.Archive.Tasks.Where(ProcessSwarm.IsRunning).Select(static t => t.Id).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(6, ran.Count);
        foreach (var (service, tasks) in ((string, int)[])[("web", 3), ("own", 1), ("everywhere", 2)])
        {
            var now = await swarm.TasksAsync(
                service,
                t => t.Count(ProcessSwarm.IsRunning) == tasks && t.Where(x => ran.Contains(x.Id)).All(IsLost)
            );
            Assert.All(
                now.Where(ProcessSwarm.IsRunning),
                t => Assert.True(ProcStat.Of((int)t.Status.Pid) is not null, $"{t.Name} does not run.")
            );
        }

        static bool IsLost(V1.Task task) => task.Status is { State: V1.TaskState.Failed, ExitCode: 137 };
    }

    /// <summary>The tasks that the archive says are running, are; as the processes that ran before the daemons were opened.</summary>
    private static async Task AssertAdoptedAsync(TakeoverSwarm swarm)
    {
        var programs = swarm.Manager.Programs.Running.Concat(swarm.Worker!.Programs.Running).ToDictionary(StringComparer.Ordinal);
        var expected = swarm.Archive.Tasks.Where(ProcessSwarm.IsRunning).ToList();
        Assert.Equal(expected.Select(static t => t.Id).Order(StringComparer.Ordinal), programs.Keys.Order(StringComparer.Ordinal));
        var now = (await swarm.TasksAsync()).ToDictionary(static t => t.Id, StringComparer.Ordinal);
        Assert.Equal(swarm.Archive.Tasks.Select(static t => t.Id).Order(StringComparer.Ordinal), now.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            expected,
            task =>
            {
                Assert.True(ProcessSwarm.IsRunning(now[task.Id]), now[task.Id].ToString());
                Assert.Equal((task.NodeId, (long)programs[task.Id].Pid), (now[task.Id].NodeId, now[task.Id].Status.Pid));
                Assert.True(programs[task.Id].IsAlive, $"{task.Name} was restarted.");
            }
        );
    }
}
