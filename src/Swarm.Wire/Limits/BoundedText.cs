using System.Text;

namespace Swarm.Wire.Limits;

/// <summary>Limits the length of texts: a node's own messages, on their way into the log.</summary>
public static class BoundedText
{
    /// <summary>Bytes of a status's error or message that are kept.</summary>
    public const int StatusBytes = 4096;

    /// <summary>The text, or its beginning and an ellipsis.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="bytes">The limit of the result, in bytes of UTF-8.</param>
    public static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
        {
            return text;
        }
        var cut = text.AsSpan(0, Math.Min(text.Length, bytes));
        while (Encoding.UTF8.GetByteCount(cut) > bytes - 3 || char.IsHighSurrogate(cut[^1]))
        {
            cut = cut[..^1];
        }
        return string.Concat(cut, "…");
    }
}
