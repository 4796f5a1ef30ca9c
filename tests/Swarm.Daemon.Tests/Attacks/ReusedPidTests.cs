using System.Diagnostics;
using System.Globalization;
using Swarm.Daemon.Tests.Processes;
using Swarm.Host.Processes;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>A task's supervisor and program have died while swarmd was away, and a stranger has their pid. The stranger lives.</summary>
[Collection(ProcessTests.Name)]
public sealed class ReusedPidTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_leader_that_has_the_pid_of_a_dead_task_is_left_alone()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Process", workers: 0);
        var task = (await swarm.RunAsync("web", 1, "node.role==manager"))[0];
        var directory = Path.Combine(swarm.Manager.StateDirectory, "processes", task.Id);
        await swarm.Manager.KillAsync();
        using var stranger = Process.Start(new ProcessStartInfo("setsid", ["sleep", "100000"]))!;
        try
        {
            await Deadline.UntilAsync(
                () => ProcStat.Of(stranger.Id) is { } s && s.Session == stranger.Id,
                "a session of the stranger's own"
            );
            foreach (var file in (string[])["supervisor", "started"])
            {
                var path = Path.Combine(directory, file);
                var was = ProcessIdentity.Read(path)!;
                Assert.True(ProcessSignal.Send(was, ProcessSignal.Kill));
                await Deadline.UntilAsync(() => !was.IsAlive, $"the {file} of the task to end");
                // "BOOT PID (NAME) …": the pid is the stranger's now, the start time is still that of the dead.
                var words = (await File.ReadAllTextAsync(path, Cancel)).Split(' ', 3);
                words[1] = stranger.Id.ToString(CultureInfo.InvariantCulture);
                await File.WriteAllTextAsync(path, string.Join(' ', words), Cancel);
            }
            File.Delete(Path.Combine(directory, "exit"));
            await swarm.Manager.StartAsync();
            // swarmd has found that the task is gone, and has replaced it.
            await swarm.TasksAsync("web", tasks => tasks.Any(t => t.Id != task.Id && ProcessSwarm.IsRunning(t)));
            Assert.False(stranger.HasExited, "The stranger was killed.");
            await swarm.Control.Services.RemoveServiceAsync(new() { Selector = "web" }, cancellationToken: Cancel);
            await Eventually.BeTrueAsync(
                () => Directory.GetDirectories(Path.GetDirectoryName(directory)!).Length == 0,
                "both tasks to be removed",
                swarm.Manager.Log
            );
            Assert.False(stranger.HasExited, "The stranger was killed at the removal.");
        }
        finally
        {
            stranger.Kill();
            await Deadline.WaitAsync(stranger.WaitForExitAsync(CancellationToken.None), "the stranger to end");
        }
    }
}
