using DotNext.Net.Cluster.Consensus.Raft.Membership;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Swarm.Consensus.Errors;
using Swarm.Consensus.Serialization;
using Swarm.Core.State;

namespace Swarm.Consensus;

/// <summary>Connects DotNext's log with our port. It decrypts entries and applies them in order, takes snapshots in the background, and
/// installs the leader's.</summary>
internal sealed partial class LogStateMachine : IStateMachine, IAsyncDisposable
{
    /// <summary>Log bytes since the last snapshot after which a new one is due, whatever the number of entries: DotNext keeps them all in
    /// memory.</summary>
    public const long SnapshotBytes = 16 * 1024 * 1024;

    private readonly string _directory;
    private readonly LogCipher _cipher;
    private readonly IStateMachinePort _port;
    private readonly ProposalTable _proposals;
    private readonly IClusterConfigurationStorage _members;
    private readonly Func<ulong> _snapshotInterval;
    private readonly ILogger _logger;
    private volatile SnapshotFile? _snapshot;
    private Task _snapshotting = Task.CompletedTask;
    private long _snapshotAskedAt;
    private long _bytesSinceSnapshot;

    public LogStateMachine(
        string directory,
        LogCipher cipher,
        IStateMachinePort port,
        ProposalTable proposals,
        IClusterConfigurationStorage members,
        Func<ulong> snapshotInterval,
        ILogger logger
    )
    {
        _directory = directory;
        _cipher = cipher;
        _port = port;
        _proposals = proposals;
        _members = members;
        _snapshotInterval = snapshotInterval;
        _logger = logger;
    }

    /// <summary>The version of the replicated data, so that a leader never sends entries to a manager that does not understand
    /// them.</summary>
    public int Version => StateSerializer.CurrentFormat;

    public ISnapshot? Snapshot => _snapshot;

    /// <summary>Index of the newest snapshot; 0 when there is none.</summary>
    public long SnapshotIndex => _snapshot?.Index ?? 0;

    /// <summary>Index of the last entry that the port has applied (or that a snapshot contains).</summary>
    public long AppliedIndex { get; private set; }

    /// <summary>Restores the newest snapshot into the port. Call it before the log is opened.</summary>
    /// <exception cref="ReplicatedLogException">The snapshot is damaged or of a newer format.</exception>
    public void Restore()
    {
        foreach (var leftover in Directory.EnumerateFiles(_directory, "*.tmp"))
        {
            File.Delete(leftover);
        }
        if (SnapshotFile.FindNewest(_directory) is { } newest)
        {
            _port.Restore(newest.Read(_cipher));
            Adopt(newest);
        }
    }

    public async ValueTask<long> ApplyAsync(LogEntry entry, CancellationToken token)
    {
        if (entry.IsSnapshot)
        {
            // A snapshot of our own that is still being written is older than the leader's.
            await _snapshotting;
            var (file, state) = await SnapshotFile.ReceiveAsync(_directory, entry, _cipher, token);
            _port.Restore(state);
            Adopt(file);
            LogSnapshotInstalled(file.Index);
            return file.Index;
        }
        if (entry.IsConfiguration)
        {
            // DotNext's log begins to apply before the cluster has set the list of members; it then passes such entries to us.
            await _members.SaveConfigurationAsync(entry, entry.Index, token);
        }
        else if (entry.Length is > 0 && entry.TryGetPayload(out var payload) && !payload.IsEmpty)
        {
            var content = payload.IsSingleSegment ? payload.First : System.Buffers.BuffersExtensions.ToArray(payload);
            Apply(entry.Index, entry.Term, content.Span);
        }
        AppliedIndex = entry.Index;
        SnapshotIfDue(entry);
        return entry.Index;
    }

    public ValueTask ReclaimGarbageAsync(long watermark, CancellationToken token)
    {
        SnapshotFile.DeleteOlder(_directory, watermark);
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for the snapshot that is being written, if any.</summary>
    public async ValueTask DisposeAsync() => await _snapshotting;

    private void Apply(long index, long term, ReadOnlySpan<byte> content)
    {
        if (_cipher.TryOpen(LogCipher.Kind.Entry, (ulong)index, (ulong)term, 0, content) is not { } plaintext)
        {
            throw LogDamage.Error(_directory, $"the committed entry {index} cannot be decrypted");
        }
        _port.Apply(StateSerializer.DeserializeBatch(plaintext, $"The log entry {index}"), (ulong)index);
        _bytesSinceSnapshot += content.Length;
        _proposals.Applied(index, LogCipher.IdOf(content));
    }

    private void SnapshotIfDue(LogEntry entry)
    {
        var due = _bytesSinceSnapshot >= SnapshotBytes || (ulong)(entry.Index - _snapshotAskedAt) >= Math.Max(_snapshotInterval(), 1);
        if (!due || !_snapshotting.IsCompleted)
        {
            return;
        }
        _snapshotAskedAt = entry.Index;
        _bytesSinceSnapshot = 0;
        // Only references are captured: the records are immutable, so the snapshot is written while new entries are applied.
        var state = _port.Capture();
        var (index, term) = (entry.Index, entry.Term);
        _snapshotting = Task.Factory.StartNew(
            () => Write(state, index, term),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    private void Write(StateSnapshot state, long index, long term)
    {
        try
        {
            _snapshot = SnapshotFile.Write(_directory, state, index, term, _cipher);
            LogSnapshotWritten(index);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The log itself still holds everything; the next interval tries again.
            LogSnapshotFailed(error, index);
        }
    }

    private void Adopt(SnapshotFile file)
    {
        _snapshot = file;
        _snapshotAskedAt = file.Index;
        _bytesSinceSnapshot = 0;
        AppliedIndex = file.Index;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Wrote a snapshot of everything up to entry {Index}")]
    private partial void LogSnapshotWritten(long index);

    [LoggerMessage(Level = LogLevel.Information, Message = "Installed the leader's snapshot of everything up to entry {Index}")]
    private partial void LogSnapshotInstalled(long index);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not write the snapshot of entry {Index}; the log goes on without it")]
    private partial void LogSnapshotFailed(Exception error, long index);
}
