using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Consensus;
using Swarm.Core.State;
using Swarm.Storage;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>A directory for one log, with its key; deleted when the test ends.</summary>
internal sealed class LogDirectory : IDisposable
{
    public LogDirectory(string? path = null)
    {
        Path = path ?? System.IO.Path.Combine(System.IO.Path.GetTempPath(), "swarm-log-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public byte[] Key { get; set; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public string Address { get; set; } = "127.0.0.1:2377";

    public ulong SnapshotInterval { get; set; } = 10_000;

    public long DiskReserve { get; set; } = DiskSpace.DefaultReserve;

    /// <summary>Opens the log of a stopped node as DotNext sees it before it is initialized.</summary>
    /// <param name="members">The file of the member list, in this directory.</param>
    /// <param name="act">Works with the log and the member list.</param>
    public async Task<T> OfflineAsync<T>(string members, Func<DurableWriteAheadLog, ClusterConfigurationFile, Task<T>> act)
    {
        using var cipher = new LogCipher(Key);
        using var file = new ClusterConfigurationFile(Combine(members));
        var proposals = new ProposalTable();
        await using var machine = new LogStateMachine(
            Combine("snapshots"),
            cipher,
            new RecordingMachine(),
            proposals,
            file,
            () => 10_000,
            NullLogger.Instance
        );
        machine.Restore();
        await using var log = ReplicatedLog.OpenLog(Combine("wal"), machine, cipher, proposals);
        return await act(log, file);
    }

    public string Combine(string name) => System.IO.Path.Combine(Path, name);

    public ReplicatedLog Open(IStateMachinePort machine) =>
        ReplicatedLog.Create(
            new ReplicatedLogOptions
            {
                Directory = Path,
                Address = Address,
                DataKey = Key,
                SnapshotInterval = () => SnapshotInterval,
                DiskReserve = DiskReserve,
            },
            machine,
            NullLoggerFactory.Instance
        );

    /// <summary>Starts a log over a fresh recorder and gives both.</summary>
    public async Task<(ReplicatedLog Log, RecordingMachine Machine)> StartAsync()
    {
        var machine = new RecordingMachine();
        var log = Open(machine);
        try
        {
            await log.StartAsync(TestContext.Current.CancellationToken);
            return (log, machine);
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes a log with the node ids given, one batch each, and closes it.</summary>
    public async Task WriteAsync(IEnumerable<string> ids)
    {
        var (log, _) = await StartAsync();
        await using (log)
        {
            foreach (var id in ids)
            {
                await log.ProposeAsync(Batch(id), TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>The node ids that a log holds after a restart.</summary>
    public async Task<IReadOnlyList<string>> ReadAsync()
    {
        var (log, machine) = await StartAsync();
        await using (log)
        {
            return machine.Ids;
        }
    }

    /// <summary>All files by relative path, for <see cref="Restore"/>.</summary>
    public IReadOnlyDictionary<string, byte[]> Save() =>
        Directory
            .EnumerateFiles(Path, "*", SearchOption.AllDirectories)
            .ToDictionary(f => System.IO.Path.GetRelativePath(Path, f), File.ReadAllBytes);

    /// <summary>Makes the directory exactly what was saved.</summary>
    public void Restore(IReadOnlyDictionary<string, byte[]> saved)
    {
        foreach (var file in Directory.GetFiles(Path, "*", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }
        foreach (var (name, content) in saved)
        {
            File.WriteAllBytes(Combine(name), content);
        }
    }

    public static IReadOnlyList<StateChange> Batch(string id) => [new StateChange.NodeRemove(id)];

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Records applied batches; its snapshot is the list of them.</summary>
internal sealed class RecordingMachine : IStateMachinePort
{
    private readonly Lock _gate = new();
    private readonly List<string> _ids = [];
    private ulong _index;

    public int Restores { get; private set; }

    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (_gate)
            {
                return [.. _ids];
            }
        }
    }

    public void Apply(IReadOnlyList<StateChange> batch, ulong index)
    {
        lock (_gate)
        {
            Assert.True(index > _index, $"{index} after {_index}");
            _index = index;
            _ids.AddRange(batch.Cast<StateChange.NodeRemove>().Select(c => c.NodeId));
        }
    }

    public StateSnapshot Capture()
    {
        lock (_gate)
        {
            return new StateSnapshot
            {
                Index = _index,
                Nodes = [],
                Services = [],
                Revisions = [],
                Tasks = [],
                Requests = [.. _ids.Select(id => new StateChange.RequestRecord(id, "", DateTimeOffset.UnixEpoch))],
            };
        }
    }

    public void Restore(StateSnapshot snapshot)
    {
        lock (_gate)
        {
            Restores++;
            _index = snapshot.Index;
            _ids.Clear();
            _ids.AddRange(snapshot.Requests.Select(r => r.RequestId));
        }
    }
}
