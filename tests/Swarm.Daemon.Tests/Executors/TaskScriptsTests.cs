using Swarm.Agent.Executors.Process;

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
        await WriteAsync(["PATH=/usr/bin:/bin"], ["/bin/sh", "-c", "trap 'exit 5' INT; kill -INT $$; exit 0"], direct: false);
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", "trap '' INT QUIT; exec /bin/sh ./run.sh"])
            {
                WorkingDirectory = _directory,
                RedirectStandardOutput = true,
            }
        )!;
        await Deadline.WaitAsync(process.WaitForExitAsync(TestContext.Current.CancellationToken), "the script to end");
        Assert.Equal(5, process.ExitCode);
    }

    /// <summary>The environment of a task comes from its service, whatever the shell adds and whether or not env(1) is used.</summary>
    [Theory]
    [InlineData(true, "PATH=/usr/bin:/bin", "A=1 'and' 2", "B=")]
    [InlineData(false, "PATH=/usr/bin:/bin", "A=1 'and' 2", "B=")]
    [InlineData(true, "A=1")]
    [InlineData(false, "A=1")]
    [InlineData(true, "A=1", "not a name=x", "PWD=/elsewhere")]
    [InlineData(false, "A=1", "not a name=x", "PWD=/elsewhere")]
    public async Task A_task_sees_its_own_environment_only(bool direct, params string[] environment)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor is for Linux.");
        Assert.SkipWhen(direct && !SystemTool.ShellAddsNothing, "/bin/sh adds variables of its own.");
        await WriteAsync(environment, ["/usr/bin/env"], direct);
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["./run.sh"]) { WorkingDirectory = _directory };
        start.Environment.Clear();
        start.Environment["PATH"] = SystemTool.StandardPath;
        using var process = System.Diagnostics.Process.Start(start)!;
        await Deadline.WaitAsync(process.WaitForExitAsync(TestContext.Current.CancellationToken), "the script to end");
        Assert.Equal(0, process.ExitCode);
        var seen = await File.ReadAllLinesAsync(Path.Combine(_directory, "stdout"), TestContext.Current.CancellationToken);
        Assert.Equal(environment.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    private Task WriteAsync(IReadOnlyList<string> environment, IReadOnlyList<string> arguments, bool direct) =>
        File.WriteAllTextAsync(
            Path.Combine(_directory, "run.sh"),
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
                    Arguments = [.. arguments],
                    Environment = [.. environment],
                    Prefix = [],
                    WorkingDirectory = _directory,
                    StopSignal = 2,
                    CreatedAt = DateTimeOffset.UnixEpoch,
                },
                _directory,
                [],
                direct
            ),
            TestContext.Current.CancellationToken
        );
}
