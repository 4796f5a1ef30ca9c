using Swarm.Daemon.Executors.Process;

namespace Swarm.Daemon.Tests.Executors;

public sealed class TaskScriptsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-scripts-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>As in a swarmd that a script has started in its background.</summary>
    [Fact]
    public async Task A_task_sees_its_stop_signal_though_swarmd_ignores_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor is for Linux.");
        Assert.SkipWhen(SystemTool.SignalReset.Count == 0, "This machine's env has no --default-signal (coreutils 8.31).");
        var script = Path.Combine(_directory, "run.sh");
        await File.WriteAllTextAsync(
            script,
            TaskScripts.Run(
                new TaskRecord
                {
                    TaskId = "t",
                    ServiceId = "s",
                    ClusterId = "c",
                    NodeId = "n",
                    ContainerId = "i",
                    ContainerName = "web.1.t",
                    Image = "web",
                    Arguments = ["/bin/sh", "-c", "trap 'exit 5' INT; kill -INT $$; exit 0"],
                    Environment = ["PATH=/usr/bin:/bin"],
                    Prefix = [],
                    WorkingDirectory = _directory,
                    StopSignal = 2,
                    CreatedAt = DateTimeOffset.UnixEpoch,
                },
                _directory,
                []
            ),
            TestContext.Current.CancellationToken
        );
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", "trap '' INT QUIT; exec /bin/sh ./run.sh"])
            {
                WorkingDirectory = _directory,
                RedirectStandardOutput = true,
            }
        )!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(5, process.ExitCode);
    }
}
