using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class SandboxTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("swarm-sandboxes-").FullName;

    public SandboxTests() => Environment.SetEnvironmentVariable("SWARM_SANDBOX_HOME", Path.Combine(_home, "index"));

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("SWARM_SANDBOX_HOME", null);
        Environment.SetEnvironmentVariable("SWARMD_PATH", null);
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async ValueTask Start_that_fails_shows_the_log_and_leaves_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the daemon of this test is a shell script");
        await using var shell = await Shell.StartAsync();
        var daemon = Path.Combine(_home, "swarmd");
        await File.WriteAllTextAsync(daemon, "#!/bin/sh\necho \"cannot listen: $8\"\nexit 3\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(daemon, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Environment.SetEnvironmentVariable("SWARMD_PATH", daemon);
        var path = Path.Combine(_home, "box");
        var error = shell.Run("Start-SwarmSandbox box -Workers 1 -Executor Process -Path $path", ("path", path)).Error;
        Assert.StartsWith("SandboxStartFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("cannot listen", error.Exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(path));
        Assert.Empty(shell.Run("Get-SwarmSandbox").ThrowIfFailed().Output);
    }

    [Fact]
    public async ValueTask Start_without_daemon_or_for_an_unknown_node_is_refused()
    {
        await using var shell = await Shell.StartAsync();
        Environment.SetEnvironmentVariable("SWARMD_PATH", Path.Combine(_home, "none"));
        Assert.StartsWith("DaemonNotFound,", shell.Run("Start-SwarmSandbox").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        var label = shell.Run("Start-SwarmSandbox -Workers 1 -Label @{ worker9 = @{ a = 'b' } }").Error;
        Assert.StartsWith("NodeNotFound,", label.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_home));
    }

    [Fact]
    public async ValueTask Stop_ends_what_the_sandbox_started_and_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at the processes' files in /proc");
        await using var shell = await Shell.StartAsync();
        var path = Path.Combine(_home, "box");
        var tasks = Directory.CreateDirectory(Path.Combine(path, "worker1", "processes"));
        await File.WriteAllTextAsync(path + "/worker1.log", "");
        var boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id")).TrimEnd();
        // A command line that no other process has.
        string[] commandLine = ["sleep", $"{Random.Shared.Next(100_000, 1_000_000)}.25"];
        Process[] own =
        [
            Process.Start("sleep", ["120"]), // the recorded daemon
            Process.Start(commandLine[0], commandLine[1..]), // a daemon that was started anew by hand
            Process.Start("setsid", ["sh", "-c", "sleep 120 & wait"]), // a task, and a process of its
        ];
        Process[] others =
        [
            Process.Start("sleep", ["120"]), // has a recorded daemon's id by chance
            Process.Start("tail", ["-f", path + "/worker1.log"]),
            Process.Start(new ProcessStartInfo("sleep", ["120"]) { WorkingDirectory = path })!,
            Process.Start("setsid", ["sleep", "120"]), // has the id of a task that ended
            Process.Start("setsid", ["sleep", "120"]), // has the id of a task before the last boot
            Process.Start(commandLine[0], [.. commandLine[1..], "1"]),
            Process.Start("setsid", ["sleep", "120"]), // has the id of a daemon that started in the same second and ended
        ];
        try
        {
            foreach (var leader in new[] { own[2], others[3], others[4] })
            {
                await Deadline.UntilAsync(() => Stat(leader)[5] == $"{leader.Id}", "the process to lead a group of its own");
            }
            var child = 0;
            await Deadline.UntilAsync(
                () => int.TryParse(File.ReadAllText($"/proc/{own[2].Id}/task/{own[2].Id}/children").Split(' ')[0], out child),
                "the process to have a child"
            );
            using var ofTask = Process.GetProcessById(child);
            await NoteAsync("task1", $"{boot} {string.Join(' ', Stat(own[2]))}\n");
            var ended = Stat(others[3]);
            ended[21] = "1";
            await NoteAsync("task2", $"{boot} {string.Join(' ', ended)}\n");
            await NoteAsync("task3", $"{Guid.NewGuid()} {string.Join(' ', Stat(others[4]))}\n");
            var sandbox = new Sandbox
            {
                Name = "box",
                Path = path,
                Nodes =
                [
                    Node("manager1", path, own[0].Id, own[0].StartTime),
                    Node("worker1", path, others[0].Id, others[0].StartTime.AddMinutes(-5), commandLine),
                    Reused(Node("worker2", path, others[6].Id, others[6].StartTime)),
                ],
            };
            Directory.CreateDirectory(Path.Combine(_home, "index"));
            await File.WriteAllTextAsync(Path.Combine(_home, "index", "box.json"), JsonSerializer.Serialize(sandbox));
            var shown = shell.Run("Get-SwarmSandbox b*").One<Sandbox>();
            Assert.Equal([true, false, false], shown.Nodes.Select(n => n.Running));
            Assert.Empty(shell.Run("Stop-SwarmSandbox box -WhatIf").ThrowIfFailed().Output);
            Assert.All(own, p => Assert.False(p.HasExited));
            shell.Run("Stop-SwarmSandbox box").ThrowIfFailed();
            await Deadline.WaitAsync(
                AsyncTask.WhenAll(own.Append(ofTask).Select(p => p.WaitForExitAsync())),
                "the sandbox's processes to end"
            );
            Assert.All(others, p => Assert.False(p.HasExited));
            Assert.False(Directory.Exists(path));
            Assert.StartsWith("SandboxNotFound,", shell.Run("Stop-SwarmSandbox box").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var process in own.Concat(others))
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
                process.Dispose();
            }
        }

        SandboxNode Reused(SandboxNode node)
        {
            node.ProcessIdentity = $"{boot} {node.ProcessId} {ulong.Parse(Stat(others[6])[21], CultureInfo.InvariantCulture) - 1}";
            return node;
        }

        AsyncTask NoteAsync(string task, string identity) =>
            File.WriteAllTextAsync(Path.Combine(tasks.CreateSubdirectory(task).FullName, "started"), identity);
    }

    private static string[] Stat(Process process) => File.ReadAllText($"/proc/{process.Id}/stat").TrimEnd().Split(' ');

    private static SandboxNode Node(string name, string path, int processId, DateTime startedAt, params string[] commandLine) =>
        new()
        {
            Name = name,
            Socket = Path.Combine(path, name + ".sock"),
            ProcessId = processId,
            StartedAt = startedAt,
            StateDirectory = Path.Combine(path, name),
            LogPath = Path.Combine(path, name + ".log"),
            CommandLine = commandLine,
        };
}
