using System.Diagnostics;
using System.Net;
using DotNext.Net.Cluster;
using DotNext.Net.Cluster.Consensus.Raft;
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
        var changes = new List<bool>();
        log.LeadershipChanged += changes.Add;
        await using (log)
        {
            File.WriteAllBytes(Path.Combine(_mount, "ballast"), new byte[4 * 1024 * 1024]);
            var error = await FillAsync(log, acknowledged);
            Assert.Equal(ReplicatedLogError.StorageFull, error.Error);
            Assert.Contains("Free some space", error.Message, StringComparison.Ordinal);
            Assert.NotEmpty(acknowledged);
            // Nobody else could lead: it leads on, and its state is the swarm's.
            Assert.Equal((true, true), (log.IsLeader, log.IsStorageFull));
            await log.ReadBarrierAsync(Cancellation);
            Assert.Equal(acknowledged, machine.Ids);
            Assert.False(log.Failure.IsCompleted);

            File.Delete(Path.Combine(_mount, "ballast"));
            await Deadline.UntilAsync(() => !log.IsStorageFull, "the log to see the room");
            await log.ProposeAsync(LogDirectory.Batch("after"), Cancellation);
            Assert.Empty(changes);
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

    [Fact]
    public async Task Term_and_vote_are_written_although_there_is_no_room_at_all()
    {
        MountSmallDisk();
        var directory = new LogDirectory(Path.Combine(_mount, "log"));
        var (log, _) = await directory.StartAsync();
        await using (log)
        {
            await log.ProposeAsync(LogDirectory.Batch("before"), Cancellation);
        }
        var voter = ClusterMemberId.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 1));
        var other = ClusterMemberId.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 2));
        var term = 0L;
        await WithStateAsync(
            directory,
            async state =>
            {
                FillUp();
                term = await state.IncrementTermAsync(other, Cancellation);
                await state.UpdateTermAsync(term + 5, true, Cancellation);
                await state.UpdateVotedForAsync(voter, Cancellation);
            }
        );
        await WithStateAsync(
            directory,
            state =>
            {
                Assert.Equal((term + 5, true, false), (state.Term, state.IsVotedFor(voter), state.IsVotedFor(other)));
                return Task.CompletedTask;
            }
        );
    }

    private static Task WithStateAsync(LogDirectory directory, Func<IPersistentState, Task> act) =>
        directory.OfflineAsync(
            "members",
            async (log, _) =>
            {
                await act(log);
                return true;
            }
        );

    /// <summary>Takes every byte.</summary>
    private void FillUp()
    {
        using var file = new FileStream(Path.Combine(_mount, "ballast"), FileMode.Append, FileAccess.Write, FileShare.None, 1);
        var chunk = new byte[4096];
        Action writing = () =>
        {
            while (true)
            {
                file.Write(chunk);
            }
        };
        var error = Record.Exception(writing);
        Assert.True(DiskSpace.IsFull(error), $"{error}");
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
