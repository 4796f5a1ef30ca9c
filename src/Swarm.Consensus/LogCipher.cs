using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Swarm.Consensus;

/// <summary>Encrypts log entries and snapshot frames (AES-256-GCM) and binds each to its place, so that moved, swapped or altered ones are
/// detected.</summary>
/// <remarks>Sealed bytes: format (1), nonce (12), ciphertext, tag (16). The nonce is random: 96 bits are safe for 2^32 messages under one key (NIST SP 800-38D).</remarks>
internal sealed class LogCipher : IDisposable
{
    public const int KeySize = 32;
    public const int NonceSize = 12;
    public const int TagSize = 16;
    public const byte CurrentFormat = 1;

    /// <summary>Bytes that encryption adds.</summary>
    public const int Overhead = 1 + NonceSize + TagSize;

    private readonly AesGcm _cipher;
    private readonly Lock _gate = new();

    public LogCipher(ReadOnlySpan<byte> key) => _cipher = new AesGcm(key, TagSize);

    /// <summary>The kind of a message, so that one kind never passes for another.</summary>
    public enum Kind : byte
    {
        Entry = 1,
        SnapshotFrame = 2,
        LastSnapshotFrame = 3,
        KeyCheck = 4,
    }

    /// <summary>Encrypts for a place: for an entry its index and term; for a frame the snapshot's index and term, and the frame's
    /// number.</summary>
    public byte[] Seal(Kind kind, ulong index, ulong term, ulong number, ReadOnlySpan<byte> plaintext)
    {
        var message = new byte[Overhead + plaintext.Length];
        message[0] = CurrentFormat;
        var nonce = message.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        Span<byte> place = stackalloc byte[PlaceSize];
        WritePlace(place, kind, index, term, number);
        lock (_gate)
        {
            _cipher.Encrypt(
                nonce,
                plaintext,
                message.AsSpan(1 + NonceSize, plaintext.Length),
                message.AsSpan(message.Length - TagSize),
                place
            );
        }
        return message;
    }

    /// <summary>Decrypts a message of exactly that place; null when it is damaged, foreign, of another format or from another
    /// place.</summary>
    public byte[]? TryOpen(Kind kind, ulong index, ulong term, ulong number, ReadOnlySpan<byte> message)
    {
        if (message.Length < Overhead || message[0] != CurrentFormat)
        {
            return null;
        }
        var plaintext = new byte[message.Length - Overhead];
        Span<byte> place = stackalloc byte[PlaceSize];
        WritePlace(place, kind, index, term, number);
        try
        {
            lock (_gate)
            {
                _cipher.Decrypt(
                    message.Slice(1, NonceSize),
                    message.Slice(1 + NonceSize, plaintext.Length),
                    message[^TagSize..],
                    plaintext,
                    place
                );
            }
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>True for a newer format: distinguishes a newer message from a damaged one once its hash is known to be right.</summary>
    public static bool IsNewerFormat(ReadOnlySpan<byte> message) => message.Length > 0 && message[0] > CurrentFormat;

    /// <summary>Identifies an encrypted message among all of this swarm: its nonce.</summary>
    public static UInt128 IdOf(ReadOnlySpan<byte> message)
    {
        Span<byte> id = stackalloc byte[16];
        message.Slice(1, NonceSize).CopyTo(id);
        return BinaryPrimitives.ReadUInt128LittleEndian(id);
    }

    public void Dispose() => _cipher.Dispose();

    private const int PlaceSize = 25;

    private static void WritePlace(Span<byte> place, Kind kind, ulong index, ulong term, ulong number)
    {
        place[0] = (byte)kind;
        BinaryPrimitives.WriteUInt64LittleEndian(place[1..], index);
        BinaryPrimitives.WriteUInt64LittleEndian(place[9..], term);
        BinaryPrimitives.WriteUInt64LittleEndian(place[17..], number);
    }
}
