using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent.Journal;

/// <summary>The records of a journal as bytes: mark (4), length of the content (4), checksum (4), content. Little-endian.</summary>
/// <remarks>The checksum is CRC-32C over length and content. The mark begins every record, so that a reader finds the next one behind
/// damage.</remarks>
internal static class JournalFormat
{
    private const int HeaderSize = 12;

    /// <summary>A longer record is damage: a spec has at most 1 MB, because the manager's log takes no more.</summary>
    private const int LongestContent = 16 * 1024 * 1024;

    private static ReadOnlySpan<byte> Mark => [0xa7, (byte)'S', (byte)'T', 0x01];

    /// <summary>Appends a record to the bytes.</summary>
    public static void Write(MemoryStream bytes, V1.JournalRecord record)
    {
        var size = record.CalculateSize();
        var at = (int)bytes.Length;
        bytes.SetLength(at + HeaderSize + size);
        var whole = bytes.GetBuffer().AsSpan(at, HeaderSize + size);
        Mark.CopyTo(whole);
        BinaryPrimitives.WriteInt32LittleEndian(whole[4..], size);
        record.WriteTo(whole[HeaderSize..]);
        BinaryPrimitives.WriteUInt32LittleEndian(whole[8..], Checksum(whole));
        bytes.Position = bytes.Length;
    }

    /// <summary>The records of a journal, in order. Damaged ones are left out.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="damaged">The bytes that belong to no good record; of a file that was cut off, those of the last one.</param>
    public static List<V1.JournalRecord> Read(ReadOnlySpan<byte> bytes, out int damaged)
    {
        var records = new List<V1.JournalRecord>();
        damaged = 0;
        for (var at = 0; at < bytes.Length; )
        {
            if (TryRead(bytes[at..], out var record, out var size))
            {
                records.Add(record!);
                at += size;
                continue;
            }
            var next = bytes[(at + 1)..].IndexOf(Mark);
            var skipped = next < 0 ? bytes.Length - at : next + 1;
            damaged += skipped;
            at += skipped;
        }
        return records;
    }

    private static bool TryRead(ReadOnlySpan<byte> bytes, out V1.JournalRecord? record, out int size)
    {
        (record, size) = (null, 0);
        if (bytes.Length < HeaderSize || !bytes.StartsWith(Mark))
        {
            return false;
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (length is < 0 or > LongestContent || length > bytes.Length - HeaderSize)
        {
            return false;
        }
        var whole = bytes[..(HeaderSize + length)];
        if (BinaryPrimitives.ReadUInt32LittleEndian(whole[8..]) != Checksum(whole))
        {
            return false;
        }
        try
        {
            record = V1.JournalRecord.Parser.ParseFrom(whole[HeaderSize..]);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
        size = whole.Length;
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> record)
    {
        var sum = BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(record[4..]));
        var content = record[HeaderSize..];
        while (content.Length >= sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(content));
            content = content[sizeof(ulong)..];
        }
        foreach (var one in content)
        {
            sum = BitOperations.Crc32C(sum, one);
        }
        return ~sum;
    }
}
