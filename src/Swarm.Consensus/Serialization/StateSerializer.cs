using System.Buffers.Binary;
using System.Text.Json;
using Swarm.Consensus.Errors;
using Swarm.Core.State;

namespace Swarm.Consensus.Serialization;

/// <summary>Converts batches and snapshots to bytes: format (1), fingerprint of the schema (4), then UTF-8 JSON.</summary>
internal static class StateSerializer
{
    /// <summary>Raised when an older swarmd could no longer read the data.</summary>
    public const byte CurrentFormat = 1;

    private const int PrefixSize = 1 + sizeof(uint);

    /// <summary>The size limit of a serialized batch, in bytes (docs: design, "Batches split at 1 MB").</summary>
    public const int MaxBatchSize = 1024 * 1024;

    /// <exception cref="ReplicatedLogException">TooLarge.</exception>
    public static byte[] SerializeBatch(IReadOnlyList<StateChange> batch)
    {
        using var stream = new MemoryStream();
        WritePrefix(stream);
        JsonSerializer.Serialize(stream, batch, StateJsonContext.Default.IReadOnlyListStateChange);
        if (stream.Length > MaxBatchSize)
        {
            throw new ReplicatedLogException(
                ReplicatedLogError.TooLarge,
                $"A batch of {batch.Count} changes has {stream.Length} bytes; at most {MaxBatchSize} fit into one log entry. Split the change into smaller ones."
            );
        }
        return stream.ToArray();
    }

    /// <exception cref="ReplicatedLogException">UnknownFormat or Corrupted.</exception>
    public static IReadOnlyList<StateChange> DeserializeBatch(ReadOnlySpan<byte> bytes, string source)
    {
        var fingerprint = ReadPrefix(bytes, source);
        var json = bytes[PrefixSize..];
        var info = StateJsonContext.Default.IReadOnlyListStateChange;
        try
        {
            return (fingerprint == StateSchema.Fingerprint ? JsonSerializer.Deserialize(json, info) : StateSchema.Read(json, info))
                ?? throw new JsonException("There is no batch in it.");
        }
        catch (Exception error) when (error is JsonException or UnknownVariantException)
        {
            throw Unreadable(error, source);
        }
    }

    public static void SerializeSnapshot(Stream stream, StateSnapshot snapshot)
    {
        WritePrefix(stream);
        JsonSerializer.Serialize(stream, snapshot, StateJsonContext.Default.StateSnapshot);
    }

    /// <exception cref="ReplicatedLogException">UnknownFormat or Corrupted.</exception>
    public static StateSnapshot DeserializeSnapshot(Stream stream, string source)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize];
        var read = stream.ReadAtLeast(prefix, PrefixSize, throwOnEndOfStream: false);
        var fingerprint = ReadPrefix(prefix[..read], source);
        var info = StateJsonContext.Default.StateSnapshot;
        StateSnapshot snapshot;
        try
        {
            snapshot =
                (
                    fingerprint == StateSchema.Fingerprint
                        ? JsonSerializer.Deserialize(stream, info)
                        : StateSchema.Read(ReadAll(stream), info)
                ) ?? throw new JsonException("There is no snapshot in it.");
        }
        catch (Exception error) when (error is JsonException or UnknownVariantException)
        {
            throw Unreadable(error, source);
        }
        if (snapshot.Format > StateSnapshot.CurrentFormat)
        {
            throw UnknownFormat(snapshot.Format, source, null);
        }
        return snapshot;
    }

    private static void WritePrefix(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize];
        prefix[0] = CurrentFormat;
        BinaryPrimitives.WriteUInt32LittleEndian(prefix[1..], StateSchema.Fingerprint);
        stream.Write(prefix);
    }

    private static uint ReadPrefix(ReadOnlySpan<byte> bytes, string source)
    {
        if (!bytes.IsEmpty && bytes[0] > CurrentFormat)
        {
            throw UnknownFormat(bytes[0], source, null);
        }
        return bytes.Length >= PrefixSize && bytes[0] == CurrentFormat
            ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..])
            : throw Unreadable(new JsonException("It has no format."), source);
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var all = new MemoryStream();
        stream.CopyTo(all);
        return all.ToArray();
    }

    // A JSON reader wraps a converter's exceptions, except JsonException: this looks through it.
    private static ReplicatedLogException Unreadable(Exception error, string source) =>
        error is UnknownVariantException || error.InnerException is UnknownVariantException
            ? UnknownFormat(null, source, error)
            : new ReplicatedLogException(
                ReplicatedLogError.Corrupted,
                $"{source} cannot be read: {error.Message} Restore the state directory from a backup, or, if other managers are alive, remove this one and join it again.",
                error
            );

    private static ReplicatedLogException UnknownFormat(int? format, string source, Exception? error) =>
        new(
            ReplicatedLogError.UnknownFormat,
            $"{source} was written by a newer swarmd"
                + (format is { } number ? $" (format {number}; this one knows up to {CurrentFormat})" : $" ({error?.Message})")
                + ". Start a swarmd that is at least as new.",
            error
        );
}
