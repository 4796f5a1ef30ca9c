using System.Text.Unicode;

namespace Swarm.Wire.Limits;

/// <summary>Limits the length of texts: a node's own messages, on their way into the log.</summary>
public static class BoundedText
{
    /// <summary>Bytes of a status's error or message that are kept, sent and stored. An agent cuts before it sends, a manager before it
    /// commits.</summary>
    public const int StatusBytes = 4096;

    /// <summary>Bytes of an argument that an error repeats: enough to recognise it.</summary>
    public const int ArgumentBytes = 256;

    private const string Ellipsis = "…";

    /// <summary>The text, or its beginning and an ellipsis.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="bytes">The limit of the result, in bytes of UTF-8; at least the 3 of the ellipsis.</param>
    public static string Cut(string text, int bytes)
    {
        // A character has at most 3 bytes (half a surrogate pair: 2), so most texts need no count.
        if (text.Length <= bytes / 3 || System.Text.Encoding.UTF8.GetByteCount(text) <= bytes)
        {
            return text;
        }
        Span<byte> kept = new byte[bytes - 3];
        _ = Utf8.FromUtf16(text, kept, out var read, out _);
        return string.Concat(text.AsSpan(0, read), Ellipsis);
    }

    /// <summary>A user's argument as an error shows it: a long one is cut, because every task repeats the error.</summary>
    public static string Argument(string text) => Cut(text, ArgumentBytes);
}
