using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Swarm.Consensus.Errors;
using Swarm.Storage;

namespace Swarm.Consensus;

/// <summary>Checks DotNext's log on disk before DotNext opens it, and completes a checkpoint that a crash left behind.</summary>
/// <remarks>
/// DotNext has no checksum on its <c>checkpoint</c> (the end of the log) nor on its <c>state</c> (term and vote). An emptied or altered
/// checkpoint would silently shorten the log. So every entry up to the checkpoint must be there, with the right hash, and decryptable for
/// its index and term. Entries that follow the checkpoint without a gap are taken into the log. That is always allowed: Raft may keep an
/// entry that was not acknowledged, but may never lose an acknowledged one.
///
/// Layout of DotNext.Net.Cluster 6.12.0 (pinned exactly; a test fails when it changes), all little-endian:
/// - <c>checkpoint</c>: version (4), commit index (8), last index (8).
/// - <c>state</c>: vote flag (1), vote (28), term (8).
/// - <c>metadata/N</c>: pages of 4096 bytes with 64 bytes an entry. An entry: term (8), length (8), offset (8), flags (4), id (4), XxHash3 of payload and
/// these 32 bytes (8).
/// - <c>data/N</c>: chunks.
/// </remarks>
internal sealed class WriteAheadLogInspector(string directory, int chunkSize, LogCipher cipher) : IDisposable
{
    private const int CheckpointSize = 20;
    private const uint CheckpointVersion = 1;
    private const int StateSize = 37;
    private const int StateTermOffset = 29;
    private const int MetadataPageSize = 4096;
    private const int MetadataSlotSize = 64;
    private const int MetadataSize = 32;
    private const uint ConfigurationFlag = 2;
    private const long MaxEntrySize = 64L * 1024 * 1024;

    private readonly PageReader _metadata = new(Path.Combine(directory, "metadata"), MetadataPageSize);
    private readonly PageReader _data = new(Path.Combine(directory, "data"), chunkSize);

    private string CheckpointPath => Path.Combine(directory, "checkpoint");

    /// <summary>Checks the log after the snapshot, and returns its last index (0: there is no log yet).</summary>
    /// <param name="snapshotIndex">The log begins after it; 0: at 1.</param>
    /// <param name="snapshotTerm">The term of the snapshot; terms never fall.</param>
    /// <exception cref="ReplicatedLogException">Corrupted (the message names the file) or UnknownFormat.</exception>
    public long Check(long snapshotIndex, long snapshotTerm)
    {
        if (!File.Exists(CheckpointPath))
        {
            return snapshotIndex == 0 && !_metadata.HasPages ? 0 : throw LogDamage.Error(CheckpointPath, "it is missing");
        }
        var checkpoint = ReadCheckpoint();
        var term = snapshotTerm;
        var last = Math.Max(checkpoint?.Last ?? 0, snapshotIndex);
        for (var index = snapshotIndex + 1; index <= last; index++)
        {
            var (found, fault) = ReadEntry(index, term);
            term = found ?? throw LogDamage.Error(fault.Path, fault.What);
        }
        var unbroken = last;
        while (ReadEntry(unbroken + 1, term).Term is { } next)
        {
            unbroken++;
            term = next;
        }
        CheckTerm(term, isEmpty: unbroken == 0);
        if (checkpoint is null && unbroken > snapshotIndex && (snapshotIndex > 0 || unbroken > 1))
        {
            // An interrupted first start leaves at most the entry that it was writing.
            throw LogDamage.Error(
                CheckpointPath,
                $"it is empty, though there are entries up to {unbroken.ToString(CultureInfo.InvariantCulture)}"
            );
        }
        if (checkpoint is null && snapshotIndex > 0)
        {
            throw LogDamage.Error(CheckpointPath, "it is empty, though there is a snapshot");
        }
        if (unbroken > last)
        {
            WriteCheckpoint(checkpoint?.Commit ?? 0, unbroken);
        }
        return unbroken;
    }

    public void Dispose()
    {
        _metadata.Dispose();
        _data.Dispose();
    }

    private (long Commit, long Last)? ReadCheckpoint()
    {
        var bytes = File.ReadAllBytes(CheckpointPath);
        if (bytes.Length == 0)
        {
            return null;
        }
        if (bytes.Length != CheckpointSize)
        {
            throw LogDamage.Error(CheckpointPath, $"it has {bytes.Length} bytes instead of {CheckpointSize}");
        }
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        var commit = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(4));
        var last = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(12));
        return version == CheckpointVersion && commit >= 0 && last >= commit
            ? (commit, last)
            : throw LogDamage.Error(CheckpointPath, "its positions are impossible");
    }

    private void WriteCheckpoint(long commit, long last)
    {
        var bytes = new byte[CheckpointSize];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, CheckpointVersion);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), commit);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(12), last);
        DurableFile.Write(CheckpointPath, bytes);
    }

    private void CheckTerm(long lastTerm, bool isEmpty)
    {
        var path = Path.Combine(directory, "state");
        if (!File.Exists(path))
        {
            if (!isEmpty)
            {
                throw LogDamage.Error(path, "it is missing");
            }
            return;
        }
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < StateSize)
        {
            if (!isEmpty)
            {
                throw LogDamage.Error(path, $"it has {bytes.Length} bytes instead of {StateSize}");
            }
            return;
        }
        var term = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(StateTermOffset));
        if (term < lastTerm || bytes[0] > 1)
        {
            throw LogDamage.Error(path, $"it says term {term}, but the log has reached term {lastTerm}");
        }
    }

    /// <summary>The term of a good entry, or the fault of a bad one.</summary>
    private (long? Term, (string Path, string What) Fault) ReadEntry(long index, long previousTerm)
    {
        var slot = new byte[MetadataSlotSize];
        var address = (ulong)index * MetadataSlotSize;
        if (!_metadata.TryRead(address, slot))
        {
            return (null, (_metadata.PathAt(address), $"the record of entry {index} is missing"));
        }
        var term = BinaryPrimitives.ReadInt64LittleEndian(slot);
        var length = BinaryPrimitives.ReadInt64LittleEndian(slot.AsSpan(8));
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(slot.AsSpan(16));
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(slot.AsSpan(24));
        if (length is < 0 or > MaxEntrySize || offset > long.MaxValue - MaxEntrySize)
        {
            return (null, (_metadata.PathAt(address), $"the record of entry {index} is damaged"));
        }
        var payload = new byte[length];
        if (!_data.TryRead(offset, payload))
        {
            return (null, (_data.UnreadablePath, $"the payload of entry {index} is missing"));
        }
        var hash = new XxHash3();
        hash.Append(payload);
        hash.Append(slot.AsSpan(0, MetadataSize));
        // DotNext writes the canonical (big-endian) form of the hash.
        if (hash.GetCurrentHashAsUInt64() != BinaryPrimitives.ReadUInt64BigEndian(slot.AsSpan(MetadataSize)))
        {
            return (null, (length > 0 ? _data.PathAt(offset) : _metadata.PathAt(address), $"entry {index} does not match its hash"));
        }
        if (term < previousTerm)
        {
            return (null, (_metadata.PathAt(address), $"entry {index} has term {term}, which is older than the entry before it"));
        }
        var isOurs = length > 0 && (flags & ConfigurationFlag) == 0;
        if (isOurs && cipher.TryOpen(LogCipher.Kind.Entry, (ulong)index, (ulong)term, 0, payload) is null)
        {
            return LogCipher.IsNewerFormat(payload)
                ? throw new ReplicatedLogException(
                    ReplicatedLogError.UnknownFormat,
                    $"Entry {index} of the manager's log was written by a newer swarmd (format {payload[0]}). Start a swarmd that is at least as new."
                )
                : (
                    null,
                    (_data.PathAt(offset), $"entry {index} cannot be decrypted: it is damaged, of another swarm, or not at its place")
                );
        }
        return (term, default);
    }

    /// <summary>Reads across files of one size whose names are numbers.</summary>
    private sealed class PageReader(string directory, int pageSize) : IDisposable
    {
        private long _open = -1;
        private FileStream? _file;

        public bool HasPages => Directory.Exists(directory) && Directory.EnumerateFiles(directory).Any();

        /// <summary>The file that the last <see cref="TryRead"/> found too short or missing.</summary>
        public string UnreadablePath { get; private set; } = "";

        public string PathAt(ulong address) => Path.Combine(directory, (address / (ulong)pageSize).ToString(CultureInfo.InvariantCulture));

        public bool TryRead(ulong address, Span<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                var offset = (int)(address % (ulong)pageSize);
                var count = Math.Min(buffer.Length, pageSize - offset);
                if (Open(address) is not { } file || RandomAccess.Read(file.SafeFileHandle, buffer[..count], offset) < count)
                {
                    UnreadablePath = PathAt(address);
                    return false;
                }
                buffer = buffer[count..];
                address += (ulong)count;
            }
            return true;
        }

        public void Dispose() => _file?.Dispose();

        private FileStream? Open(ulong address)
        {
            var page = (long)(address / (ulong)pageSize);
            if (page != _open)
            {
                _file?.Dispose();
                var path = PathAt(address);
                _file = File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0) : null;
                _open = page;
            }
            return _file;
        }
    }
}
