using System.Diagnostics;
using Swarm.Consensus;
using Swarm.Consensus.Errors;
using Swarm.Storage;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>A small file system that the test fills up.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string _mount = Path.Combine(Path.GetTempPath(), "swarm-full-" + Guid.NewGuid().ToString("N"));
    private bool _mounted;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Proposals_fail_until_there_is_room_and_nothing_is_lost()
    {
        MountSmallDisk();
        var directory = new LogDirectory(Path.Combine(_mount, "log"));
        var (log, machine) = await directory.StartAsync();
        var acknowledged = new List<string>();
        var leads = new TaskCompletionSource();
        log.LeadershipChanged += now =>
        {
            if (now)
            {
                leads.TrySetResult();
            }
        };
        await using (log)
        {
            File.WriteAllBytes(Path.Combine(_mount, "ballast"), new byte[4 * 1024 * 1024]);
            var error = await FillAsync(log, acknowledged);
            Assert.Equal(ReplicatedLogError.StorageFull, error.Error);
            Assert.Contains("Free some space", error.Message, StringComparison.Ordinal);
            Assert.NotEmpty(acknowledged);
            Assert.False(log.IsLeader);
            Assert.Equal(acknowledged, machine.Ids);
            Assert.False(log.Failure.IsCompleted);

            File.Delete(Path.Combine(_mount, "ballast"));
            await Deadline.WaitAsync(leads.Task, "the log to lead again");
            Assert.True(log.IsLeader);
            await log.ProposeAsync(LogDirectory.Batch("after"), Cancellation);
        }
        Assert.Equal([.. acknowledged, "after"], await directory.ReadAsync());
    }

    [Fact]
    public async Task A_write_of_the_log_that_fails_ends_it_and_a_restart_has_everything()
    {
        MountSmallDisk();
        var directory = new LogDirectory(Path.Combine(_mount, "log")) { DiskReserve = long.MinValue / 2 };
        var (log, _) = await directory.StartAsync();
        var acknowledged = new List<string>();
        await using (log)
        {
            var error = await FillAsync(log, acknowledged);
            Assert.Equal(ReplicatedLogError.StorageFull, error.Error);
            Assert.NotEmpty(acknowledged);
            Assert.Equal(ReplicatedLogError.StorageFull, (await Deadline.WaitAsync(log.Failure, "the log to fail")).Error);
            Assert.False(log.IsLeader);
        }
        Remount("16m");
        directory.DiskReserve = DiskSpace.DefaultReserve;
        var (again, machine) = await directory.StartAsync();
        await using (again)
        {
            // The failed entry may be in the log or not: it was not acknowledged.
            Assert.Equal(acknowledged, machine.Ids.Take(acknowledged.Count));
            Assert.InRange(machine.Ids.Count, acknowledged.Count, acknowledged.Count + 1);
            await again.ProposeAsync(LogDirectory.Batch("after"), Cancellation);
            Assert.Equal("after", machine.Ids[^1]);
        }
    }

    public void Dispose()
    {
        if (_mounted)
        {
            Run("umount", _mount);
        }
        if (Directory.Exists(_mount))
        {
            Directory.Delete(_mount, recursive: true);
        }
    }

    private static async Task<ReplicatedLogException> FillAsync(ReplicatedLog log, List<string> acknowledged)
    {
        for (var i = 0; i < 1000; i++)
        {
            var id = $"n{i}-" + new string('x', 50_000);
            try
            {
                await log.ProposeAsync(LogDirectory.Batch(id), Cancellation);
                acknowledged.Add(id);
            }
            catch (ReplicatedLogException error)
            {
                return error;
            }
        }
        throw new InvalidOperationException("The disk never became full.");
    }

    private void MountSmallDisk()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting a small disk needs root on Linux.");
        Directory.CreateDirectory(_mount);
        var error = Run("mount", "-t", "tmpfs", "-o", "size=8m", "swarm-test", _mount);
        Assert.SkipWhen(error is not null, $"A small disk cannot be mounted here: {error}");
        _mounted = true;
    }

    private void Remount(string size) => Assert.Null(Run("mount", "-o", $"remount,size={size}", _mount));

    /// <summary>The program's error message; null when it succeeded.</summary>
    private static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(Deadline.Limit), $"{program} does not end.");
        return process.ExitCode == 0 ? null : error;
    }
}
