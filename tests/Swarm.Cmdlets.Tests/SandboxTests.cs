using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using Swarm.Cmdlets.Sandboxes;
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
    public async ValueTask Start_waits_as_long_as_the_daemons_live_and_says_why()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "knows processes by their entries in /proc");
        await using var daemon = await FakeSwarmd.StartAsync();
        var path = Path.Combine(_home, "slow");
        var sandbox = new Sandbox
        {
            Name = "slow",
            Path = path,
            Nodes = [Node("manager1", path, 0, default, "sleep", "1000"), Node("worker1", path, 0, default, "sleep", "1000")],
        };
        var time = new FakeTimeProvider();
        var said = new ConcurrentQueue<string>();
        var warned = new ConcurrentQueue<string>();
        var refused = 0;
        // The manager is slower than a join waits for it.
        daemon.Control.RefusalOf = r =>
            r is V1.JoinSwarmRequest && refused++ < 2
                ? FakeControl.Refuse(Grpc.Core.StatusCode.Unavailable, "ManagerUnreachable", "No manager answers.", "")
                : null;
        try
        {
            var starting = SandboxLauncher.StartAsync(
                sandbox,
                swarm: true,
                new DaemonWait(sandbox.Nodes, said.Enqueue, warned.Enqueue, time),
                TestContext.Current.CancellationToken
            );
            var later = time.GetUtcNow() + TimeSpan.FromHours(1);
            await Deadline.UntilAsync(
                () => time.GetUtcNow() >= later && !warned.IsEmpty,
                "an hour to pass, and a warning",
                () => time.Advance(TimeSpan.FromSeconds(20))
            );
            Assert.False(starting.IsCompleted);
            var warning = Assert.Single(warned);
            Assert.Matches("^Starting manager1 takes [0-9]+(m|h)", warning);
            Assert.Contains("All daemons live", warning, StringComparison.Ordinal);
            Assert.Contains($"There is no socket {sandbox.Nodes[0].Socket}", warning, StringComparison.Ordinal);
            Assert.Contains(said, s => Regex.IsMatch(s, "^Starting manager1, for [0-9]+(m|h)"));
            foreach (var node in sandbox.Nodes)
            {
                File.CreateSymbolicLink(node.Socket, daemon.Socket);
            }
            await Deadline.UntilAsync(() => starting.IsCompleted, "the start", () => time.Advance(TimeSpan.FromMilliseconds(250)));
            await starting;
            var joins = daemon.Control.All<V1.JoinSwarmRequest>();
            Assert.Equal(3, joins.Length);
            Assert.Single(joins.Select(j => j.RequestId).Distinct());
            Assert.Equal(["node0id", "node9id"], sandbox.Nodes.Select(n => n.NodeId));
        }
        finally
        {
            await SandboxLauncher.AbandonAsync(sandbox);
        }
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public async ValueTask Start_ends_when_a_daemon_has_ended_though_others_live()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "knows processes by their entries in /proc");
        var path = Path.Combine(_home, "half");
        var sandbox = new Sandbox
        {
            Name = "half",
            Path = path,
            Nodes =
            [
                Node("manager1", path, 0, default, "sleep", "1000"),
                Node("worker1", path, 0, default, "sh", "-c", "echo no port left"),
            ],
        };
        try
        {
            var starting = SandboxLauncher.StartAsync(
                sandbox,
                swarm: false,
                new DaemonWait(sandbox.Nodes, static _ => { }, static _ => { }, TimeProvider.System),
                TestContext.Current.CancellationToken
            );
            await Deadline.UntilAsync(() => starting.IsCompleted, "the end of the start");
            var error = await Assert.ThrowsAsync<SwarmException>(() => starting);
            Assert.Equal(("SandboxStartFailed", "worker1"), (error.ErrorId, error.Target));
            Assert.Contains("no port left", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            await SandboxLauncher.AbandonAsync(sandbox);
        }
    }

    [Fact]
    public async ValueTask A_sandbox_says_that_it_outlives_the_shell_and_how_to_find_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the daemon of this test is a shell script");
        await using var shell = await Shell.StartAsync();
        var daemon = Path.Combine(_home, "swarmd");
        await File.WriteAllTextAsync(daemon, $"#!/bin/sh\nln -s '{shell.Daemon!.Socket}' \"$4\"\nexec sleep 1000\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(daemon, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Environment.SetEnvironmentVariable("SWARMD_PATH", daemon);
        var started = shell.Run("Start-SwarmSandbox box -Workers 1 -Executor Process");
        try
        {
            Assert.Equal("box", started.One<Sandbox>().Name);
            var line = $"{Assert.Single(started.Information).MessageData}";
            Assert.Equal(
                "Sandbox 'box' goes on when this PowerShell ends. Get-SwarmSandbox lists it in every session, and Stop-SwarmSandbox box removes it.",
                line
            );
            // A console shows it without a preference.
            Assert.Contains(line, shell.Screen, StringComparison.Ordinal);
            Assert.Equal("manager1", shell.Run("Get-SwarmSandbox box | Connect-Swarm -NoDefault").One<Session>().Hostname);
        }
        finally
        {
            shell.Run("Stop-SwarmSandbox box -Force").ThrowIfFailed();
        }
        Assert.True(shell.Fake.Last<V1.LeaveSwarmRequest>().Force);
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
