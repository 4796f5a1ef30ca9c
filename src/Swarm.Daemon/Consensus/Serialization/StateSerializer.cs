using System.Text.Json;
using Swarm.Core.State;

namespace Swarm.Daemon.Consensus.Serialization;

/// <summary>Batches and snapshots as bytes: one format byte, then UTF-8 JSON.</summary>
internal static class StateSerializer
{
    /// <summary>Raised when a swarmd of before could no longer understand what this one writes.</summary>
    public const byte CurrentFormat = 1;

    /// <summary>Bytes that a serialized batch may have (docs: design, "Batches split at 1 MB").</summary>
    public const int MaxBatchSize = 1024 * 1024;

    /// <exception cref="ReplicatedLogException">TooLarge.</exception>
    public static byte[] SerializeBatch(IReadOnlyList<StateChange> batch)
    {
        using var stream = new MemoryStream();
        stream.WriteByte(CurrentFormat);
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
        CheckFormat(bytes.IsEmpty ? (byte)0 : bytes[0], source);
        try
        {
            return JsonSerializer.Deserialize(bytes[1..], StateJsonContext.Default.IReadOnlyListStateChange)
                ?? throw new JsonException("There is no batch in it.");
        }
        catch (Exception error) when (error is JsonException or UnknownVariantException)
        {
            throw Unreadable(error, source);
        }
    }

    public static void SerializeSnapshot(Stream stream, StateSnapshot snapshot)
    {
        stream.WriteByte(CurrentFormat);
        JsonSerializer.Serialize(stream, snapshot, StateJsonContext.Default.StateSnapshot);
    }

    /// <exception cref="ReplicatedLogException">UnknownFormat or Corrupted.</exception>
    public static StateSnapshot DeserializeSnapshot(Stream stream, string source)
    {
        var format = stream.ReadByte();
        CheckFormat(format < 0 ? (byte)0 : (byte)format, source);
        StateSnapshot snapshot;
        try
        {
            snapshot =
                JsonSerializer.Deserialize(stream, StateJsonContext.Default.StateSnapshot)
                ?? throw new JsonException("There is no snapshot in it.");
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

    private static void CheckFormat(byte format, string source)
    {
        if (format != CurrentFormat)
        {
            throw format == 0 ? Unreadable(new JsonException("It has no format."), source) : UnknownFormat(format, source, null);
        }
    }

    // A JSON reader wraps what a converter throws, but for JsonException: look through it.
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
