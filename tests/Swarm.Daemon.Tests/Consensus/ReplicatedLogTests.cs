using Swarm.Consensus.Errors;

namespace Swarm.Daemon.Tests.Consensus;

public sealed class ReplicatedLogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lone_member_leads_when_it_has_started()
    {
        using var directory = new LogDirectory();
        var (log, _) = await directory.StartAsync();
        await using (log)
        {
            Assert.True(log.IsLeader);
            Assert.Equal("127.0.0.1:2377", log.LeaderAddress);
            Assert.Equal(["127.0.0.1:2377"], log.Members);
            await log.ReadBarrierAsync(Cancellation);
        }
        Assert.False(log.IsLeader);
    }

    [Fact]
    public async Task What_was_proposed_is_there_after_a_restart_in_order()
    {
        using var directory = new LogDirectory();
        var expected = Enumerable.Range(0, 50).Select(i => $"n{i}").ToList();
        var (log, machine) = await directory.StartAsync();
        await using (log)
        {
            ulong last = 0;
            foreach (var id in expected)
            {
                var index = await log.ProposeAsync(LogDirectory.Batch(id), Cancellation);
                Assert.True(index > last);
                Assert.Equal(id, machine.Ids[^1]);
                last = index;
            }
        }
        Assert.Equal(expected, await directory.ReadAsync());
        Assert.Equal(expected, await directory.ReadAsync());
    }

    [Fact]
    public async Task Many_proposals_at_once_all_stand_in_the_log_once()
    {
        using var directory = new LogDirectory();
        var (log, machine) = await directory.StartAsync();
        List<string> ids = [.. Enumerable.Range(0, 500).Select(i => $"n{i}")];
        await using (log)
        {
            var indexes = await Task.WhenAll(ids.Select(id => log.ProposeAsync(LogDirectory.Batch(id), Cancellation)));
            Assert.Equal(ids.Count, indexes.Distinct().Count());
            Assert.Equal(ids.Order(StringComparer.Ordinal), machine.Ids.Order(StringComparer.Ordinal));
        }
        Assert.Equal(ids.Order(StringComparer.Ordinal), (await directory.ReadAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_restart_reads_the_snapshot_and_the_entries_after_it()
    {
        using var directory = new LogDirectory { SnapshotInterval = 20 };
        List<string> ids = [.. Enumerable.Range(0, 310).Select(i => $"n{i}")];
        await directory.WriteAsync(ids);
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(directory.Path, "snapshots"), "*.snapshot"));
        var (log, machine) = await directory.StartAsync();
        await using (log)
        {
            Assert.Equal(1, machine.Restores);
            Assert.Equal(ids, machine.Ids);
            await log.ProposeAsync(LogDirectory.Batch("after"), Cancellation);
        }
        Assert.Equal([.. ids, "after"], await directory.ReadAsync());
    }

    [Fact]
    public async Task A_batch_over_1_MB_is_refused_and_changes_nothing()
    {
        using var directory = new LogDirectory();
        var (log, machine) = await directory.StartAsync();
        await using (log)
        {
            var error = await Assert.ThrowsAsync<ReplicatedLogException>(() =>
                log.ProposeAsync(LogDirectory.Batch(new string('x', 1024 * 1024)), Cancellation)
            );
            Assert.Equal(ReplicatedLogError.TooLarge, error.Error);
            var large = new string('y', 1024 * 1024 - 200);
            await log.ProposeAsync(LogDirectory.Batch(large), Cancellation);
            Assert.Equal([large], machine.Ids);
        }
        Assert.Single(await directory.ReadAsync());
    }

    [Fact]
    public async Task A_lone_member_may_move_to_another_address()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(["a"]);
        directory.Address = "swarm.example:4711";
        var (log, machine) = await directory.StartAsync();
        await using (log)
        {
            Assert.True(log.IsLeader);
            Assert.Equal(["swarm.example:4711"], log.Members);
            Assert.Equal(["a"], machine.Ids);
        }
    }

    [Fact]
    public async Task Another_key_is_refused()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(["a"]);
        directory.Key = new byte[32];
        var error = await Assert.ThrowsAsync<ReplicatedLogException>(directory.StartAsync);
        Assert.Equal(ReplicatedLogError.WrongKey, error.Error);
    }

    [Fact]
    public async Task Nothing_on_disk_shows_what_was_proposed()
    {
        using var directory = new LogDirectory { SnapshotInterval = 2 };
        var secret = "TopSecretNode" + Guid.NewGuid().ToString("N");
        await directory.WriteAsync([secret, secret + "2", secret + "3", secret + "4"]);
        var files = Directory.GetFiles(directory.Path, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(
            files,
            file => Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes("TopSecretNode")))
        );
    }

    [Fact]
    public async Task Proposing_before_the_start_and_after_the_end_says_that_it_does_not_lead()
    {
        using var directory = new LogDirectory();
        var log = directory.Open(new RecordingMachine());
        var before = await Assert.ThrowsAsync<ReplicatedLogException>(() => log.ProposeAsync(LogDirectory.Batch("a"), Cancellation));
        Assert.Equal(ReplicatedLogError.NotLeader, before.Error);
        await log.StartAsync(Cancellation);
        await log.DisposeAsync();
        var after = await Assert.ThrowsAsync<ReplicatedLogException>(() => log.ProposeAsync(LogDirectory.Batch("a"), Cancellation));
        Assert.Equal(ReplicatedLogError.NotLeader, after.Error);
    }

    [Fact]
    public async Task Leadership_is_announced_once_each_way()
    {
        using var directory = new LogDirectory();
        var log = directory.Open(new RecordingMachine());
        var announced = new List<bool>();
        log.LeadershipChanged += announced.Add;
        await log.StartAsync(Cancellation);
        await log.DisposeAsync();
        Assert.Equal([true, false], announced);
    }
}
