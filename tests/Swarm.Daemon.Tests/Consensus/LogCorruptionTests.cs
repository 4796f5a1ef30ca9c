using System.Buffers.Binary;
using Swarm.Consensus;
using Swarm.Consensus.Errors;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>Damaged files of the log: it starts with every acknowledged entry, or refuses and names the damaged file.</summary>
public sealed class LogCorruptionTests
{
    private const int Slot = 64;

    private static List<string> Ids(int count) => [.. Enumerable.Range(0, count).Select(i => $"node{i:D4}")];

    /// <summary>Starts the log. Returns the error if it refuses; otherwise checks that no entry is missing and returns null.</summary>
    private static async Task<ReplicatedLogException?> RefusesOrHasAsync(LogDirectory directory, IReadOnlyList<string> expected)
    {
        try
        {
            Assert.Equal(expected, await directory.ReadAsync());
            return null;
        }
        catch (ReplicatedLogException error)
        {
            Assert.True(
                error.Error is ReplicatedLogError.Corrupted or ReplicatedLogError.WrongKey or ReplicatedLogError.UnknownFormat,
                error.ToString()
            );
            return error;
        }
    }

    private static async Task AssertRefusedAsync(LogDirectory directory, string file)
    {
        var error = await Assert.ThrowsAsync<ReplicatedLogException>(directory.StartAsync);
        Assert.Equal(ReplicatedLogError.Corrupted, error.Error);
        Assert.Contains(directory.Combine(file), error.Message, StringComparison.Ordinal);
        Assert.Contains("Restore the state directory from a backup", error.Message, StringComparison.Ordinal);
    }

    private static (long Commit, long Last) Checkpoint(LogDirectory directory)
    {
        var bytes = File.ReadAllBytes(directory.Combine("wal/checkpoint"));
        return (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(4)), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(12)));
    }

    private static void SetCheckpoint(LogDirectory directory, long commit, long last)
    {
        var bytes = File.ReadAllBytes(directory.Combine("wal/checkpoint"));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), commit);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(12), last);
        File.WriteAllBytes(directory.Combine("wal/checkpoint"), bytes);
    }

    private static (int Offset, int Length) PayloadOf(LogDirectory directory, long index)
    {
        var slot = File.ReadAllBytes(directory.Combine("wal/metadata/0")).AsSpan((int)index * Slot);
        return ((int)BinaryPrimitives.ReadUInt64LittleEndian(slot[16..]), (int)BinaryPrimitives.ReadInt64LittleEndian(slot[8..]));
    }

    /// <summary>Fails when a new DotNext version stores its log in another way: then <see cref="WriteAheadLogInspector"/> must be
    /// revised.</summary>
    [Fact]
    public async Task The_log_on_disk_has_the_layout_that_the_inspector_knows()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(Ids(3));
        Assert.Equal(20, new FileInfo(directory.Combine("wal/checkpoint")).Length);
        Assert.Equal(37, new FileInfo(directory.Combine("wal/state")).Length);
        Assert.Equal(4096, new FileInfo(directory.Combine("wal/metadata/0")).Length);
        Assert.Equal(ReplicatedLog.ChunkSize, new FileInfo(directory.Combine("wal/data/0")).Length);
        Assert.Equal((3, 3), Checkpoint(directory));
        Assert.Equal((0, PayloadOf(directory, 1).Length), PayloadOf(directory, 1));
    }

    [Fact]
    public async Task A_checkpoint_of_any_other_length_is_refused()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(Ids(3));
        var saved = directory.Save();
        for (var length = 0; length < 20; length++)
        {
            directory.Restore(saved);
            File.WriteAllBytes(directory.Combine("wal/checkpoint"), saved["wal/checkpoint"][..length]);
            await AssertRefusedAsync(directory, "wal/checkpoint");
        }
    }

    [Fact]
    public async Task A_checkpoint_that_was_set_back_loses_nothing()
    {
        using var directory = new LogDirectory();
        var ids = Ids(10);
        await directory.WriteAsync(ids);
        var saved = directory.Save();
        for (var last = 0; last < 10; last++)
        {
            directory.Restore(saved);
            SetCheckpoint(directory, Math.Min(last, 2), last);
            Assert.Equal(ids, await directory.ReadAsync());
            Assert.Equal(10, Checkpoint(directory).Last);
        }
    }

    [Fact]
    public async Task A_checkpoint_beyond_the_log_is_refused()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(Ids(3));
        SetCheckpoint(directory, 3, 4);
        await AssertRefusedAsync(directory, "wal/metadata/0");
    }

    /// <summary>Power was lost while the last entry was written: the checkpoint does not include it, and its bytes end at any
    /// point.</summary>
    [Fact]
    public async Task A_torn_last_write_is_dropped_and_everything_before_it_kept()
    {
        using var directory = new LogDirectory();
        var ids = Ids(6);
        await directory.WriteAsync(ids);
        var (offset, length) = PayloadOf(directory, 6);
        var saved = directory.Save();
        for (var kept = 0; kept <= length; kept++)
        {
            directory.Restore(saved);
            SetCheckpoint(directory, 5, 5);
            File.WriteAllBytes(directory.Combine("wal/data/0"), saved["wal/data/0"][..(offset + kept)]);
            var expected = kept == length ? ids : ids[..5];
            var (log, machine) = await directory.StartAsync();
            await using (log)
            {
                Assert.Equal(expected, machine.Ids);
                await log.ProposeAsync(LogDirectory.Batch("next"), TestContext.Current.CancellationToken);
            }
            Assert.Equal([.. expected, "next"], await directory.ReadAsync());
        }
        for (var kept = 0; kept <= Slot; kept++)
        {
            directory.Restore(saved);
            SetCheckpoint(directory, 5, 5);
            File.WriteAllBytes(directory.Combine("wal/metadata/0"), saved["wal/metadata/0"][..(6 * Slot + kept)]);
            Assert.Equal(kept == Slot ? ids : ids[..5], await directory.ReadAsync());
        }
    }

    [Fact]
    public async Task A_committed_entry_that_is_cut_off_is_refused_wherever_it_is_cut()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(Ids(6));
        var (offset, length) = PayloadOf(directory, 6);
        var saved = directory.Save();
        for (var size = offset - length; size < offset + length; size++)
        {
            directory.Restore(saved);
            File.WriteAllBytes(directory.Combine("wal/data/0"), saved["wal/data/0"][..size]);
            await AssertRefusedAsync(directory, "wal/data/0");
        }
        for (var size = 5 * Slot; size < 6 * Slot + 40; size++)
        {
            directory.Restore(saved);
            File.WriteAllBytes(directory.Combine("wal/metadata/0"), saved["wal/metadata/0"][..size]);
            await AssertRefusedAsync(directory, "wal/metadata/0");
        }
    }

    [Fact]
    public async Task A_flipped_bit_is_refused_or_harmless_and_never_loses_an_entry()
    {
        using var directory = new LogDirectory { SnapshotInterval = 8 };
        var ids = Ids(20);
        await directory.WriteAsync(ids);
        var saved = directory.Save();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var used = saved.Where(f => !f.Key.StartsWith("wal/data", StringComparison.Ordinal)).Select(f => (f.Key, f.Value.Length)).ToList();
        var (offset, length) = PayloadOf(directory, 20);
        used.Add(("wal/data/0", offset + length));
        var refused = 0;
        for (var round = 0; round < 200; round++)
        {
            directory.Restore(saved);
            var (file, size) = used[random.Next(used.Count)];
            var bytes = saved[file].ToArray();
            var at = random.Next(size);
            bytes[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(directory.Combine(file), bytes);
            try
            {
                refused += await RefusesOrHasAsync(directory, ids) is null ? 0 : 1;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, round {round}: {file} at {at}: {error}");
            }
        }
        Assert.True(refused > 50, $"seed {seed}: only {refused} of 200 were refused");
    }

    /// <summary>The used part of every file of a small log, so that each offset of it can be damaged in turn.</summary>
    private static async Task<(LogDirectory Directory, IReadOnlyList<string> Ids, List<(string File, int Size)> Used)> SmallLogAsync()
    {
        var directory = new LogDirectory();
        var ids = Ids(3);
        await directory.WriteAsync(ids);
        var (offset, length) = PayloadOf(directory, 3);
        List<(string File, int Size)> used =
        [
            .. directory
                .Save()
                .Select(f =>
                    f.Key switch
                    {
                        "wal/data/0" => (f.Key, offset + length),
                        "wal/metadata/0" => (f.Key, 4 * Slot),
                        _ => (f.Key, f.Value.Length),
                    }
                ),
        ];
        return (directory, ids, used);
    }

    [Fact]
    public async Task A_small_log_with_a_wrong_byte_at_any_offset_is_refused_or_whole()
    {
        var (directory, ids, used) = await SmallLogAsync();
        using var owned = directory;
        var saved = directory.Save();
        var refused = 0;
        foreach (var (file, size) in used)
        {
            for (var at = 0; at < size; at++)
            {
                directory.Restore(saved);
                var bytes = saved[file].ToArray();
                bytes[at] ^= 0xff;
                File.WriteAllBytes(directory.Combine(file), bytes);
                refused += await RefusesOrHasOfAsync(directory, ids, $"{file} at {at}") ? 1 : 0;
            }
        }
        Assert.True(refused > used.Single(static f => f.File == "wal/data/0").Size, $"only {refused} were refused");
    }

    [Fact]
    public async Task A_small_log_that_is_cut_at_any_offset_is_refused_or_whole()
    {
        var (directory, ids, used) = await SmallLogAsync();
        using var owned = directory;
        var saved = directory.Save();
        foreach (var (file, size) in used)
        {
            for (var kept = 0; kept < size; kept++)
            {
                directory.Restore(saved);
                File.WriteAllBytes(directory.Combine(file), saved[file][..kept]);
                var isRefused = await RefusesOrHasOfAsync(directory, ids, $"{file} cut at {kept}");
                Assert.True(isRefused || file is not "wal/data/0", $"{file} cut at {kept} was not missed");
            }
        }
    }

    private static async Task<bool> RefusesOrHasOfAsync(LogDirectory directory, IReadOnlyList<string> ids, string where)
    {
        try
        {
            return await RefusesOrHasAsync(directory, ids) is not null;
        }
        catch (Exception error)
        {
            Assert.Fail($"{where}: {error}");
            throw;
        }
    }

    [Fact]
    public async Task Every_bit_of_a_committed_payload_counts()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(Ids(3));
        var (offset, length) = PayloadOf(directory, 2);
        var saved = directory.Save();
        for (var at = offset; at < offset + length; at++)
        {
            directory.Restore(saved);
            var bytes = saved["wal/data/0"].ToArray();
            bytes[at] ^= 0x10;
            File.WriteAllBytes(directory.Combine("wal/data/0"), bytes);
            await AssertRefusedAsync(directory, "wal/data/0");
        }
    }

    [Fact]
    public async Task Any_file_that_is_missing_is_noticed()
    {
        using var directory = new LogDirectory { SnapshotInterval = 100 };
        // Several chunks of data, more than one page of records, and a snapshot.
        List<string> ids = [.. Enumerable.Range(0, 260).Select(i => $"{i}-" + new string('x', 20_000))];
        await directory.WriteAsync(ids);
        var saved = directory.Save();
        Assert.True(saved.Keys.Count(f => f.StartsWith("wal/data/", StringComparison.Ordinal)) > 2);
        foreach (var file in saved.Keys)
        {
            directory.Restore(saved);
            File.Delete(directory.Combine(file));
            var error = await RefusesOrHasAsync(directory, ids);
            // A chunk from before the snapshot may be left over; it is not needed.
            if (!file.StartsWith("wal/data/", StringComparison.Ordinal) && !file.StartsWith("wal/metadata/", StringComparison.Ordinal))
            {
                Assert.True(error is not null, $"{file} was not missed");
            }
        }
        var last = saved.Keys.Where(f => f.StartsWith("wal/data/", StringComparison.Ordinal)).MaxBy(f => int.Parse(Path.GetFileName(f)))!;
        directory.Restore(saved);
        File.Delete(directory.Combine(last));
        await AssertRefusedAsync(directory, last);
    }

    [Fact]
    public async Task A_file_of_another_swarm_is_refused()
    {
        using var directory = new LogDirectory { SnapshotInterval = 8 };
        using var other = new LogDirectory { SnapshotInterval = 8, Key = new byte[32] };
        var ids = Ids(20);
        await directory.WriteAsync(ids);
        await other.WriteAsync(ids);
        var (mine, foreign) = (directory.Save(), other.Save());
        File.WriteAllBytes(directory.Combine("wal/data/0"), foreign["wal/data/0"]);
        await AssertRefusedAsync(directory, "wal/data/0");
        directory.Restore(mine);
        var snapshot = mine.Keys.Where(f => f.EndsWith(".snapshot", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        File.WriteAllBytes(directory.Combine(snapshot), foreign.First(f => f.Key.EndsWith(".snapshot", StringComparison.Ordinal)).Value);
        await AssertRefusedAsync(directory, snapshot);
        // The whole log of another swarm, with hashes that fit.
        directory.Restore(mine);
        foreach (var file in mine.Keys.Where(f => f.StartsWith("wal/", StringComparison.Ordinal)))
        {
            File.WriteAllBytes(directory.Combine(file), foreign[file]);
        }
        await AssertRefusedAsync(directory, "wal/data/0");
        directory.Restore(mine);
        File.WriteAllBytes(directory.Combine("keycheck"), foreign["keycheck"]);
        Assert.Equal(ReplicatedLogError.WrongKey, (await Assert.ThrowsAsync<ReplicatedLogException>(directory.StartAsync)).Error);
    }

    [Fact]
    public async Task Entries_that_change_places_are_refused_though_each_is_whole()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync(Ids(4));
        var bytes = File.ReadAllBytes(directory.Combine("wal/metadata/0"));
        var second = bytes[(2 * Slot)..(3 * Slot)];
        bytes.AsSpan(3 * Slot, Slot).CopyTo(bytes.AsSpan(2 * Slot));
        second.CopyTo(bytes.AsSpan(3 * Slot));
        File.WriteAllBytes(directory.Combine("wal/metadata/0"), bytes);
        await AssertRefusedAsync(directory, "wal/data/0");
    }

    [Fact]
    public async Task A_log_of_a_newer_swarmd_is_refused_as_such()
    {
        using var directory = new LogDirectory { SnapshotInterval = 2 };
        await directory.WriteAsync(Ids(4));
        // A file is skipped while the last one is still being written; its age does not matter here.
        var snapshot = SnapshotFile.FindNewest(directory.Combine("snapshots"))!.FullPath;
        var bytes = File.ReadAllBytes(snapshot);
        bytes[7] = SnapshotFile.CurrentFormat + 1;
        File.WriteAllBytes(snapshot, bytes);
        var error = await Assert.ThrowsAsync<ReplicatedLogException>(directory.StartAsync);
        Assert.Equal(ReplicatedLogError.UnknownFormat, error.Error);
    }

    [Fact]
    public async Task A_first_start_that_was_interrupted_starts_anew()
    {
        using var directory = new LogDirectory();
        await directory.WriteAsync([]);
        File.WriteAllBytes(directory.Combine("members"), [1, 2, 3]);
        Assert.Empty(await directory.ReadAsync());
        await directory.WriteAsync(["a"]);
        Assert.Equal(["a"], await directory.ReadAsync());
        File.WriteAllBytes(directory.Combine("members"), [1, 2, 3]);
        await AssertRefusedAsync(directory, "members");
    }
}
