using System.Diagnostics;
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
    public async ValueTask Stop_ends_what_was_recorded_and_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at the processes' command lines");
        await using var shell = await Shell.StartAsync();
        var path = Path.Combine(_home, "box");
        Directory.CreateDirectory(path);
        // A daemon, a task's supervisor that names the sandbox, and a process that got a recorded id by chance.
        using var daemon = Process.Start("sleep", ["120"]);
        await File.WriteAllTextAsync(path + "/task.out", "");
        using var supervisor = Process.Start("tail", ["-f", path + "/task.out"]);
        using var other = Process.Start("sleep", ["120"]);
        try
        {
            var sandbox = new Sandbox
            {
                Name = "box",
                Path = path,
                Nodes =
                [
                    Node("manager1", path, daemon.Id, daemon.StartTime),
                    Node("worker1", path, other.Id, other.StartTime.AddMinutes(-5)),
                ],
            };
            Directory.CreateDirectory(Path.Combine(_home, "index"));
            await File.WriteAllTextAsync(Path.Combine(_home, "index", "box.json"), JsonSerializer.Serialize(sandbox));
            var shown = shell.Run("Get-SwarmSandbox b*").One<Sandbox>();
            Assert.Equal([true, false], shown.Nodes.Select(n => n.Running));
            Assert.Empty(shell.Run("Stop-SwarmSandbox box -WhatIf").ThrowIfFailed().Output);
            Assert.False(daemon.HasExited);
            shell.Run("Stop-SwarmSandbox box").ThrowIfFailed();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await daemon.WaitForExitAsync(limit.Token);
            await supervisor.WaitForExitAsync(limit.Token);
            Assert.False(other.HasExited);
            Assert.False(Directory.Exists(path));
            Assert.StartsWith("SandboxNotFound,", shell.Run("Stop-SwarmSandbox box").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var process in new[] { daemon, supervisor, other })
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }
    }

    private static SandboxNode Node(string name, string path, int processId, DateTime startedAt) =>
        new()
        {
            Name = name,
            Socket = Path.Combine(path, name + ".sock"),
            ProcessId = processId,
            StartedAt = startedAt,
            StateDirectory = Path.Combine(path, name),
            LogPath = Path.Combine(path, name + ".log"),
        };
}
