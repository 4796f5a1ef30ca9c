using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Swarm.Consensus.Errors;
using Swarm.Consensus.Serialization;
using Swarm.Core.State;
using Swarm.Storage;

namespace Swarm.Consensus;

/// <summary>A snapshot on disk: header, then compressed JSON in encrypted frames. It is complete or absent, whatever happens while it is
/// written.</summary>
/// <remarks>Header, little-endian: <c>SWMSNAP</c> (7), format (1), index (8), term (8). Its fields are bound into every frame.</remarks>
internal sealed class SnapshotFile : ISnapshot
{
    public const byte CurrentFormat = 1;
    public const int HeaderSize = 24;
    private const string Extension = ".snapshot";

    private SnapshotFile(string path, long index, long term)
    {
        FullPath = path;
        Index = index;
        Term = term;
    }

    public string FullPath { get; }

    public long Index { get; }

    public long Term { get; }

    bool IDataTransferObject.IsReusable => true;

    long? IDataTransferObject.Length => new FileInfo(FullPath).Length;

    private static ReadOnlySpan<byte> Magic => "SWMSNAP"u8;

    /// <summary>The newest snapshot of a directory, not read yet; null when there is none.</summary>
    /// <exception cref="ReplicatedLogException">Corrupted or UnknownFormat: its header.</exception>
    public static SnapshotFile? FindNewest(string directory)
    {
        var newest = Directory
            .EnumerateFiles(directory, "*" + Extension)
            .Select(path => (Path: path, Index: IndexOf(path)))
            .Where(file => file.Index > 0)
            .OrderByDescending(file => file.Index)
            .Select(file => file.Path)
            .FirstOrDefault();
        return newest is null ? null : ReadHeader(newest, IndexOf(newest));
    }

    /// <summary>Writes a snapshot durably and returns it. It may take long, so call it on another thread than the applying one.</summary>
    public static SnapshotFile Write(string directory, StateSnapshot snapshot, long index, long term, LogCipher cipher)
    {
        var path = PathOf(directory, index);
        var temporary = path + ".tmp";
        try
        {
            using (var file = new FileStream(DurableFile.Create(temporary), FileAccess.Write, bufferSize: 64 * 1024))
            {
                file.Write(Header(index, term));
                using var frames = new SnapshotWriteStream(file, cipher, (ulong)index, (ulong)term);
                using (var compressed = new BrotliStream(frames, CompressionLevel.Fastest, leaveOpen: true))
                {
                    StateSerializer.SerializeSnapshot(compressed, snapshot);
                }
                frames.Complete();
                file.Flush(flushToDisk: true);
            }
            DurableFile.Commit(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        return new SnapshotFile(path, index, term);
    }

    /// <summary>Receives a snapshot from the leader. It is checked as a whole before it replaces anything.</summary>
    /// <exception cref="ReplicatedLogException">Corrupted: the snapshot is damaged, or not the announced one.</exception>
    public static async ValueTask<(SnapshotFile File, StateSnapshot State)> ReceiveAsync(
        string directory,
        LogEntry entry,
        LogCipher cipher,
        CancellationToken cancellation
    )
    {
        var path = PathOf(directory, entry.Index);
        var temporary = path + ".tmp";
        try
        {
            StateSnapshot state;
            using (var file = new FileStream(DurableFile.Create(temporary), FileAccess.ReadWrite, bufferSize: 0))
            {
                await entry.WriteToAsync(file, 64 * 1024, cancellation);
                file.Flush(flushToDisk: true);
            }
            state = ReadHeader(temporary, entry.Index).Read(cipher);
            DurableFile.Commit(temporary, path);
            return (new SnapshotFile(path, entry.Index, entry.Term), state);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Reads and checks all of it.</summary>
    /// <exception cref="ReplicatedLogException">Corrupted or UnknownFormat.</exception>
    public StateSnapshot Read(LogCipher cipher)
    {
        try
        {
            using var file = new FileStream(FullPath, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 64 * 1024);
            file.Position = HeaderSize;
            using var frames = new SnapshotReadStream(file, cipher, (ulong)Index, (ulong)Term);
            using var plain = new BrotliStream(frames, CompressionMode.Decompress, leaveOpen: true);
            var snapshot = StateSerializer.DeserializeSnapshot(plain, $"The snapshot '{FullPath}'");
            // The rest after the JSON is checked too: a snapshot is good as a whole or not at all.
            plain.CopyTo(Stream.Null);
            frames.CopyTo(Stream.Null);
            return snapshot;
        }
        catch (Exception error) when (error is InvalidDataException or InvalidOperationException)
        {
            throw Damaged(FullPath, error.Message, error);
        }
    }

    public void Delete() => File.Delete(FullPath);

    /// <summary>Removes the snapshots of a directory that are older than an index, and the remains of interrupted writes.</summary>
    public static void DeleteOlder(string directory, long index)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*" + Extension))
        {
            if (IndexOf(path) is > 0 and var other && other < index)
            {
                File.Delete(path);
            }
        }
    }

    async ValueTask IDataTransferObject.WriteToAsync<TWriter>(TWriter writer, CancellationToken token)
    {
        await using var file = new FileStream(
            FullPath,
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read | FileShare.Delete,
            4096,
            useAsync: true
        );
        await writer.CopyFromAsync(file, null, token);
    }

    private static string PathOf(string directory, long index) =>
        Path.Combine(directory, index.ToString("D20", CultureInfo.InvariantCulture) + Extension);

    private static long IndexOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : 0;

    private static byte[] Header(long index, long term)
    {
        var header = new byte[HeaderSize];
        Magic.CopyTo(header);
        header[7] = CurrentFormat;
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), index);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), term);
        return header;
    }

    private static SnapshotFile ReadHeader(string path, long index)
    {
        var header = new byte[HeaderSize];
        using (var file = File.OpenHandle(path))
        {
            if (RandomAccess.Read(file, header, 0) < HeaderSize || !header.AsSpan(0, 7).SequenceEqual(Magic))
            {
                throw Damaged(path, "it has no header", null);
            }
        }
        if (header[7] > CurrentFormat)
        {
            throw new ReplicatedLogException(
                ReplicatedLogError.UnknownFormat,
                $"The snapshot '{path}' was written by a newer swarmd (format {header[7]}). Start a swarmd that is at least as new."
            );
        }
        if (BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8)) != index || header[7] != CurrentFormat)
        {
            throw Damaged(path, "its header is damaged", null);
        }
        return new SnapshotFile(path, index, BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)));
    }

    private static ReplicatedLogException Damaged(string path, string what, Exception? error) => LogDamage.Error(path, what, error);
}
