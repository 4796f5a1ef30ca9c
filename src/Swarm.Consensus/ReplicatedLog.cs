using System.Net;
using DotNext.Net.Cluster;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Swarm.Consensus.Errors;
using Swarm.Consensus.Serialization;
using Swarm.Core.State;
using Swarm.Storage;

namespace Swarm.Consensus;

/// <summary>Our log on DotNext's Raft: one member or several, durable and encrypted alike.</summary>
/// <remarks>
/// A full disk is noticed before DotNext writes. Proposals then fail with StorageFull, and a member that has others gives up leadership. It goes on by
/// itself once there is room. Term and vote need no room: DotNext overwrites them in a file whose space it took when it was made. A write of the log that fails all the same (<see cref="Failure"/>) ends it: swarmd must be restarted.
/// </remarks>
public sealed class ReplicatedLog : IReplicatedLog
{
    /// <summary>Bytes in a data file of the log. A power of two (DotNext masks with it); small, since a chunk is memory as well.</summary>
    internal const int ChunkSize = 256 * 1024;

    private static readonly byte[] KeyCheckText = "swarmd log"u8.ToArray();

    private readonly ReplicatedLogOptions _options;
    private readonly IStateMachinePort _port;
    private readonly ILoggerFactory _loggers;
    private readonly EndPoint _address;
    private readonly LogCipher _cipher;
    private readonly ProposalTable _proposals = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<ReplicatedLogException> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LogStateMachine? _machine;
    private DurableWriteAheadLog? _log;
    private ClusterConfigurationFile? _members;
    private RaftCluster? _cluster;
    private LeadershipTracker? _leadership;
    private DiskSpace? _space;

    private ReplicatedLog(ReplicatedLogOptions options, IStateMachinePort machine, ILoggerFactory loggers)
    {
        _options = options;
        _port = machine;
        _loggers = loggers;
        _address = ClusterAddress.Parse(options.Address);
        _cipher = new LogCipher(options.DataKey);
    }

    public bool IsLeader => _leadership?.IsLeader ?? false;

    public string? LeaderAddress => _cluster?.Leader is { } leader ? ClusterAddress.Format(leader.EndPoint) : null;

    public IReadOnlyCollection<string> Members =>
        _cluster is null
            ? []
            : [.. ((IRaftCluster)_cluster).Members.Select(m => ClusterAddress.Format(m.EndPoint)).Order(StringComparer.Ordinal)];

    /// <summary>Completes when the log cannot go on: swarmd should report the reason, stop, and be restarted. Every acknowledged entry is
    /// on disk.</summary>
    public Task<ReplicatedLogException> Failure => _failure.Task;

    public bool IsStorageFull => _leadership is { IsStorageFull: true };

    /// <summary>Handlers are called one at a time and must not wait for the log.</summary>
    public event Action<bool>? LeadershipChanged;

    /// <param name="options">The log's directory, key and members.</param>
    /// <param name="machine">The state machine that the log drives.</param>
    /// <param name="loggers">For the log and DotNext.</param>
    /// <exception cref="FormatException">The address is not host:port.</exception>
    public static ReplicatedLog Create(ReplicatedLogOptions options, IStateMachinePort machine, ILoggerFactory loggers) =>
        new(options, machine, loggers);

    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await RecoverAsync(cancellation);
            await _cluster!.StartAsync(cancellation);
            await _leadership!.StartAsync(cancellation);
        }
        catch (Exception error) when (error is not (OperationCanceledException or ReplicatedLogException))
        {
            throw Translate(error);
        }
    }

    public async Task<ulong> ProposeAsync(IReadOnlyList<StateChange> batch, CancellationToken cancellation)
    {
        var bytes = StateSerializer.SerializeBatch(batch);
        var (cluster, leadership) = Leading();
        if (!_space!.HasRoomFor(bytes.Length))
        {
            leadership.StorageIsFull();
            throw StorageFull(null);
        }
        if (!leadership.IsLeader)
        {
            throw NotLeader();
        }
        var proposal = new Proposal(bytes, cluster.Term);
        try
        {
            await cluster.ReplicateAsync(proposal, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error) when (error is NotLeaderException or ObjectDisposedException or OperationCanceledException)
        {
            throw proposal.Index == 0 ? NotLeader(error) : LeadershipLost(error);
        }
        catch (Exception error) when (error is not ReplicatedLogException)
        {
            throw Translate(error);
        }
        finally
        {
            _proposals.Remove(proposal);
        }
        return proposal.IsApplied ? (ulong)proposal.Index : throw LeadershipLost(null);
    }

    public async Task ReadBarrierAsync(CancellationToken cancellation)
    {
        var (cluster, leadership) = Leading();
        if (!leadership.IsLeader)
        {
            throw NotLeader();
        }
        try
        {
            await cluster.ApplyReadBarrierAsync(ReadBarrierType.Strong, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error)
            when (error is NotLeaderException or QuorumUnreachableException or ObjectDisposedException or OperationCanceledException)
        {
            throw NotLeader(error);
        }
        catch (Exception error)
        {
            throw Translate(error);
        }
        if (!leadership.IsLeader)
        {
            throw NotLeader();
        }
    }

    /// <summary>Adds a manager that listens already (started with Bootstrap off). The leader makes a single change of members at a
    /// time.</summary>
    /// <exception cref="ReplicatedLogException">NotLeader.</exception>
    internal async Task<bool> AddMemberAsync(string address, CancellationToken cancellation)
    {
        try
        {
            return await Leading().Cluster.AddMemberAsync(ClusterAddress.Parse(address), cancellation);
        }
        catch (NotLeaderException error)
        {
            throw NotLeader(error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_leadership is not null)
        {
            await _leadership.DisposeAsync();
        }
        if (_cluster is not null)
        {
            await _cluster.StopAsync(CancellationToken.None);
            await _cluster.DisposeAsync();
        }
        if (_log is not null)
        {
            await _log.DisposeAsync();
        }
        if (_machine is not null)
        {
            await _machine.DisposeAsync();
        }
        _members?.Dispose();
        _cipher.Dispose();
        _stopping.Dispose();
    }

    private async Task RecoverAsync(CancellationToken cancellation)
    {
        var root = Path.GetFullPath(_options.Directory);
        var logDirectory = Path.Combine(root, "wal");
        var snapshots = Path.Combine(root, "snapshots");
        if (_options.MustExist && !Directory.Exists(logDirectory))
        {
            throw LogDamage.Error(logDirectory, "it is missing");
        }
        Directory.CreateDirectory(root);
        Directory.CreateDirectory(snapshots);
        _space = new DiskSpace(root, _options.DiskReserve);
        CheckKey(Path.Combine(root, "keycheck"), logIsEmpty: !Directory.Exists(logDirectory));

        var membersPath = Path.Combine(root, "members");
        _members = new ClusterConfigurationFile(membersPath);
        _machine = new LogStateMachine(
            snapshots,
            _cipher,
            _port,
            _proposals,
            _members,
            _options.SnapshotInterval,
            _loggers.CreateLogger<ReplicatedLog>()
        );
        _machine.Restore();
        long lastIndex;
        using (var inspector = new WriteAheadLogInspector(logDirectory, ChunkSize, _cipher))
        {
            lastIndex = inspector.Check(_machine.SnapshotIndex, _machine.Snapshot?.Term ?? 0);
        }
        if (_options.MustExist && lastIndex == 0)
        {
            throw LogDamage.Error(logDirectory, "it is empty");
        }
        await ClusterConfigurationFile.CheckAsync(membersPath, logIsEmpty: lastIndex == 0, cancellation);

        _log = OpenLog(logDirectory, _machine, _cipher, _proposals, syncDelay: _options.SyncDelay);
        await _log.WaitForApplyAsync(_log.LastCommittedEntryIndex, cancellation);
        var members = await _members.PrepareAsync(_address, cancellation);
        if (members.Count == 1 || (members.Count == 0 && _options.Bootstrap))
        {
            // DotNext lets a lone member lead in the term that it finds. A term of its own keeps (index, term) unique, as Raft requires.
            await ((IPersistentState)_log).IncrementTermAsync(ClusterMemberId.FromEndPoint(_address), cancellation);
        }
        _cluster = new RaftCluster(Configure()) { AuditTrail = _log };
        _leadership = new LeadershipTracker(_cluster, _log, _space, leads => LeadershipChanged?.Invoke(leads), OnFailed);
    }

    /// <summary>Opens the log with the settings that its durability needs.</summary>
    internal static DurableWriteAheadLog OpenLog(
        string directory,
        IStateMachine machine,
        LogCipher cipher,
        ProposalTable proposals,
        bool flushBeforeAcknowledging = true,
        TimeSpan syncDelay = default
    ) =>
        new(
            new WriteAheadLog.Options
            {
                Location = directory,
                ChunkSize = ChunkSize,
                HashAlgorithm = WriteAheadLog.IntegrityHashAlgorithm.XxHash3,
                // A memory-mapped log turns a full disk into SIGBUS.
                MemoryManagement = WriteAheadLog.MemoryManagementStrategy.PrivateMemory,
            },
            machine,
            cipher,
            proposals
        )
        {
            FlushBeforeAcknowledging = flushBeforeAcknowledging,
            SyncDelay = syncDelay,
        };

    private RaftCluster.CustomTransportConfiguration Configure() =>
        new(_address, _options.ListenerFactory ?? NoTransport.Instance, _options.ConnectionFactory ?? NoTransport.Instance)
        {
            PublicEndPoint = _address,
            ConfigurationStorage = _members!,
            ColdStart = _options.Bootstrap,
            LowerElectionTimeout = (int)_options.LowerElectionTimeout.TotalMilliseconds,
            UpperElectionTimeout = (int)_options.UpperElectionTimeout.TotalMilliseconds,
            LoggerFactory = _loggers,
        };

    private void CheckKey(string path, bool logIsEmpty)
    {
        if (File.Exists(path))
        {
            if (_cipher.TryOpen(LogCipher.Kind.KeyCheck, 0, 0, 0, File.ReadAllBytes(path)) is null)
            {
                throw new ReplicatedLogException(
                    ReplicatedLogError.WrongKey,
                    $"The data key does not open this manager's log ('{path}'): key file and log are not of one swarm, or one of them is damaged. Restore both from one backup."
                );
            }
        }
        else if (logIsEmpty)
        {
            DurableFile.Write(path, _cipher.Seal(LogCipher.Kind.KeyCheck, 0, 0, 0, KeyCheckText));
        }
        else
        {
            throw LogDamage.Error(path, "it is missing");
        }
    }

    private void OnFailed(Exception error) => _failure.TrySetResult(Translate(error));

    private (RaftCluster Cluster, LeadershipTracker Leadership) Leading() =>
        _cluster is { } cluster && _leadership is { } leadership && !_stopping.IsCancellationRequested
            ? (cluster, leadership)
            : throw NotLeader();

    private ReplicatedLogException NotLeader(Exception? cause = null) =>
        new(
            ReplicatedLogError.NotLeader,
            LeaderAddress is { } leader
                ? $"This manager does not lead the swarm; the leader is {leader}."
                : "This manager does not lead the swarm, and no leader is known. Try again in a moment.",
            cause
        );

    private static ReplicatedLogException LeadershipLost(Exception? cause) =>
        new(
            ReplicatedLogError.LeadershipLost,
            "This manager lost the lead before the change was confirmed: it may or may not have been made. Look, then repeat it if need be.",
            cause
        );

    private ReplicatedLogException StorageFull(Exception? cause) =>
        new(
            ReplicatedLogError.StorageFull,
            $"The disk of '{_options.Directory}' is full: the manager takes no changes. Free some space there"
                + (cause is null ? "." : " and restart swarmd."),
            cause
        );

    private ReplicatedLogException Translate(Exception error)
    {
        for (var current = error; current is not null; current = current.InnerException)
        {
            if (current is ReplicatedLogException own)
            {
                return own;
            }
        }
        return DiskSpace.IsFull(error)
            ? StorageFull(error)
            : new ReplicatedLogException(
                ReplicatedLogError.StorageFailed,
                $"The manager's log in '{_options.Directory}' failed: {error.GetBaseException().Message} Check the disk, then restart swarmd.",
                error
            );
    }
}
