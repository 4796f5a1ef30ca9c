using System.Diagnostics;
using System.Globalization;
using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Consensus;
using Swarm.Consensus.Serialization;
using Swarm.Core.State;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>Runs this test program again as a process that is killed. With <see cref="ModeVariable"/> set, it runs no tests but the work of
/// a test.</summary>
internal static class ChildProcess
{
    private const string ModeVariable = "SWARM_LOG_CHILD";

    /// <summary>Starts the process under an optional tracer. It writes each acknowledged entry to standard output, a line each.</summary>
    public static Process Start(string mode, string directory, params string[] tracer)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Swarm.Daemon.Tests" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        string[] command = [.. tracer, program];
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [ModeVariable] = $"{mode} {directory}" },
        };
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }

    /// <summary>Does the work that <see cref="Start"/> ordered; false when it ordered none.</summary>
    public static async Task<bool> RunIfChildAsync()
    {
        if (Environment.GetEnvironmentVariable(ModeVariable) is not { } order)
        {
            return false;
        }
        var space = order.IndexOf(' ', StringComparison.Ordinal);
        await RunAsync(order[..space], new LogDirectory(order[(space + 1)..]));
        return true;
    }

    private static Task RunAsync(string mode, LogDirectory directory) =>
        mode switch
        {
            "propose" => ProposeAsync(directory),
            "append" => AppendAsync(directory, flush: true, count: 200, snapshot: false),
            "append-unflushed" => AppendAsync(directory, flush: false, count: 200, snapshot: false),
            "trace" => AppendAsync(directory, flush: true, count: 5, snapshot: true),
            _ => throw new ArgumentException(mode),
        };

    /// <summary>Proposes for ever.</summary>
    private static async Task ProposeAsync(LogDirectory directory)
    {
        directory.SnapshotInterval = 50;
        var machine = new RecordingMachine();
        await using var log = directory.Open(machine);
        await log.StartAsync(CancellationToken.None);
        for (var i = machine.Ids.Count; ; i++)
        {
            await log.ProposeAsync(LogDirectory.Batch($"n{i}"), CancellationToken.None);
            Say($"n{i}");
        }
    }

    /// <summary>Receives entries (and a snapshot) like a follower, then waits to be killed.</summary>
    private static async Task AppendAsync(LogDirectory directory, bool flush, int count, bool snapshot)
    {
        var snapshots = directory.Combine("snapshots");
        Directory.CreateDirectory(snapshots);
        using var cipher = new LogCipher(directory.Key);
        var proposals = new ProposalTable();
        using var members = new ClusterConfigurationFile(directory.Combine("members"));
        await using var machine = new LogStateMachine(
            snapshots,
            cipher,
            new RecordingMachine(),
            proposals,
            members,
            () => 10_000,
            NullLogger.Instance
        );
        machine.Restore();
        await using var log = ReplicatedLog.OpenLog(directory.Combine("wal"), machine, cipher, proposals, flush);
        await log.InitializeAsync();
        IAuditTrail<IRaftLogEntry> trail = log;
        for (var index = 1L; index <= count; index++)
        {
            var batch = StateSerializer.SerializeBatch(LogDirectory.Batch($"n{index}" + new string('x', 1000)));
            var entry = new BinaryLogEntry { Term = 0, Content = cipher.Seal(LogCipher.Kind.Entry, (ulong)index, 0, 0, batch) };
            Say($"got {index}");
            await trail.AppendAsync(LogEntryProducer<BinaryLogEntry>.Of(entry), index, false, CancellationToken.None);
            Say(index.ToString(CultureInfo.InvariantCulture));
        }
        if (snapshot)
        {
            var elsewhere = directory.Combine("leader");
            Directory.CreateDirectory(elsewhere);
            var state = new StateSnapshot
            {
                Index = 1000,
                Nodes = [],
                Services = [],
                Revisions = [],
                Tasks = [],
                Requests = [],
            };
            var file = SnapshotFile.Write(elsewhere, state, 1000, 0, cipher);
            Say("got snapshot");
            await trail.AppendAsync(file, 1000, CancellationToken.None);
            Say("snapshot");
            return;
        }
        Process.GetCurrentProcess().Kill();
    }

    // Straight to the descriptor, without a buffer: a line that was read was acknowledged.
    private static void Say(string line)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(System.Text.Encoding.ASCII.GetBytes(line + "\n"));
    }
}
