using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.Consensus;
using Swarm.Consensus.Errors;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>SIGKILL at any moment, and the system calls that strace saw: every acknowledged entry is on disk.</summary>
public sealed partial class LogCrashTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_acknowledged_survives_sigkill()
    {
        using var directory = new LogDirectory();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var acknowledged = new List<string>();
        for (var round = 0; round < 8; round++)
        {
            using var child = ChildProcess.Start("propose", directory.Path);
            var errors = child.StandardError.ReadToEndAsync(Cancellation);
            for (var lines = random.Next(1, 150); lines > 0; lines--)
            {
                if (
                    await Deadline.WaitAsync(child.StandardOutput.ReadLineAsync(Cancellation), "the child to acknowledge an entry")
                    is not { } line
                )
                {
                    Assert.Fail($"seed {seed}, round {round}: the child ended: {await errors}");
                    return;
                }
                acknowledged.Add(line);
            }
            // Somewhere within the next writes.
            Thread.SpinWait(random.Next(200_000));
            child.Kill();
            while (
                await Deadline.WaitAsync(child.StandardOutput.ReadLineAsync(Cancellation), "the last words of the killed child") is { } line
            )
            {
                acknowledged.Add(line);
            }
            await Deadline.WaitAsync(child.WaitForExitAsync(Cancellation), "the child to end");
            var recovered = await directory.ReadAsync();
            // At most the entry in flight was not acknowledged.
            Assert.True(
                recovered.Count == acknowledged.Count || recovered.Count == acknowledged.Count + 1,
                $"seed {seed}, round {round}: {acknowledged.Count} acknowledged, {recovered.Count} recovered"
            );
            Assert.Equal(acknowledged, recovered.Take(acknowledged.Count));
            acknowledged = [.. recovered];
        }
    }

    [Fact]
    public async Task A_follower_that_is_killed_keeps_every_entry_it_acknowledged()
    {
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal((200, 200), await AppendAndKillAsync("append"));
        }
    }

    /// <summary>Shows why <see cref="DurableWriteAheadLog"/> exists. If this fails one day, DotNext may have fixed it.</summary>
    [Fact]
    public async Task Without_our_flush_a_killed_follower_forgets_what_it_acknowledged()
    {
        for (var round = 0; round < 20; round++)
        {
            var (acknowledged, recovered) = await AppendAndKillAsync("append-unflushed");
            Assert.Equal(200, acknowledged);
            if (recovered < acknowledged)
            {
                return;
            }
        }
        Assert.Fail("20 killed followers kept everything without a flush");
    }

    private static async Task<(int Acknowledged, long Recovered)> AppendAndKillAsync(string mode)
    {
        using var directory = new LogDirectory();
        using var child = ChildProcess.Start(mode, directory.Path);
        var errors = child.StandardError.ReadToEndAsync(Cancellation);
        var lines = (
            await Deadline.WaitAsync(child.StandardOutput.ReadToEndAsync(Cancellation), "the child to acknowledge its entries")
        ).Split('\n');
        await Deadline.WaitAsync(child.WaitForExitAsync(Cancellation), "the child to end");
        Assert.Equal("", await errors);
        using var cipher = new LogCipher(directory.Key);
        using var inspector = new WriteAheadLogInspector(directory.Combine("wal"), ReplicatedLog.ChunkSize, cipher);
        var acknowledged = lines.Count(l => int.TryParse(l, CultureInfo.InvariantCulture, out _));
        try
        {
            return (acknowledged, inspector.Check(0, 0));
        }
        catch (ReplicatedLogException) when (mode == "append-unflushed")
        {
            // Killed before its first checkpoint: the log is refused as damaged although entries are there, and no acknowledged entry can
            // be read.
            return (acknowledged, 0);
        }
    }

    /// <summary>A kill cannot show that data left the page cache; the system calls can.</summary>
    [Fact]
    public async Task Between_taking_and_acknowledging_there_is_a_sync()
    {
        var strace = new[] { "/usr/bin/strace", "/bin/strace" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(strace is null, "strace is not installed.");
        using var directory = new LogDirectory();
        var trace = directory.Combine("trace");
        using var child = ChildProcess.Start(
            "trace",
            directory.Path,
            strace!,
            "-f",
            "-o",
            trace,
            "-e",
            "trace=openat,write,pwrite64,pwritev,fsync,fdatasync,msync"
        );
        var errors = child.StandardError.ReadToEndAsync(Cancellation);
        var output = await Deadline.WaitAsync(child.StandardOutput.ReadToEndAsync(Cancellation), "the traced child to end");
        await Deadline.WaitAsync(child.WaitForExitAsync(Cancellation), "the child to end");
        Assert.SkipWhen(
            output.Length == 0 && (await errors).Contains("ptrace", StringComparison.OrdinalIgnoreCase),
            "strace may not trace here: " + await errors
        );
        Assert.Equal((0, ""), (child.ExitCode, await errors));

        var waiting = (string?)null;
        var synced = false;
        var acknowledged = new List<string>();
        var syncedDescriptors = new HashSet<string>();
        foreach (var line in await File.ReadAllLinesAsync(trace, Cancellation))
        {
            if (Opened().Match(line) is { Success: true } opened)
            {
                // A descriptor opened with O_SYNC syncs each write by itself. The system reuses descriptor numbers.
                _ = opened.Groups["flags"].Value.Contains("SYNC", StringComparison.Ordinal)
                    ? syncedDescriptors.Add(opened.Groups["fd"].Value)
                    : syncedDescriptors.Remove(opened.Groups["fd"].Value);
            }
            else if (Said().Match(line) is { Success: true } said)
            {
                var text = said.Groups["text"].Value;
                if (text.StartsWith("got ", StringComparison.Ordinal))
                {
                    (waiting, synced) = (text[4..], false);
                }
                else if (text == waiting)
                {
                    Assert.True(synced, $"{text} was acknowledged without a sync");
                    acknowledged.Add(text);
                }
            }
            else if (
                Synced().IsMatch(line) || (Written().Match(line) is { Success: true } w && syncedDescriptors.Contains(w.Groups["fd"].Value))
            )
            {
                synced = true;
            }
        }
        Assert.Equal(["1", "2", "3", "4", "5", "snapshot"], acknowledged);
    }

    [GeneratedRegex("""(?:openat\(|openat resumed>).*?(?<flags>O_[A-Z_|]+).* = (?<fd>\d+)$""")]
    private static partial Regex Opened();

    [GeneratedRegex("""write\(\d+, "(?<text>[^"\\]+)\\n", \d+""")]
    private static partial Regex Said();

    [GeneratedRegex("""(?:fsync|fdatasync|msync)\(""")]
    private static partial Regex Synced();

    [GeneratedRegex("""(?:pwrite64|pwritev)\((?<fd>\d+),""")]
    private static partial Regex Written();
}
