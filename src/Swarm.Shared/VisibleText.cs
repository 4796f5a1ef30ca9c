using System.Buffers;
using System.Globalization;
using System.Text;

namespace Swarm;

/// <summary>Makes the texts of others safe to show: a terminal obeys what is in a text, and a log has a line for each record.</summary>
/// <remarks>The module and swarmd are compiled with this one file. Hidden are C0, DEL and C1, which a terminal obeys (Unicode's category Cc;
/// source: ECMA-48). Hidden are also the line and paragraph separators (U+2028, U+2029). So are the characters that turn the direction of
/// the text around them (property Bidi_Control; source: Unicode UAX #9).</remarks>
public static class VisibleText
{
    private static readonly SearchValues<char> Hidden = SearchValues.Create(HiddenCharacters());

    /// <summary>True when the text has no character that a terminal would obey.</summary>
    public static bool IsPlain(ReadOnlySpan<char> text) => !text.ContainsAny(Hidden);

    /// <summary>The text with a visible escape in the place of each hidden character: <c>\e</c>, <c>\n</c>, <c>\u009B</c>.</summary>
    /// <param name="text">Any text; null is empty.</param>
    public static string Of(string? text) => Escape(text, keepLines: false);

    /// <summary>As <see cref="Of"/>, for texts of several lines: a line break stays where the next line is indented. A line that begins at
    /// the left could be taken for one of the program's own.</summary>
    public static string Lines(string? text) => Escape(text, keepLines: true);

    private static string Escape(string? text, bool keepLines)
    {
        if (string.IsNullOrEmpty(text) || IsPlain(text))
        {
            return text ?? "";
        }
        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (!Hidden.Contains(c))
            {
                shown.Append(c);
            }
            else if (keepLines && BreakAt(text, i) is > 0 and var length)
            {
                shown.Append(text, i, length);
                i += length - 1;
            }
            else
            {
                shown.Append(EscapeOf(c));
            }
        }
        return shown.ToString();
    }

    /// <summary>The length of the line break that may stay; 0: none is there.</summary>
    private static int BreakAt(string text, int i)
    {
        var length = text[i] switch
        {
            '\n' => 1,
            '\r' when i + 1 < text.Length && text[i + 1] == '\n' => 2,
            _ => 0,
        };
        return length > 0 && i + length < text.Length && text[i + length] == ' ' ? length : 0;
    }

    private static string EscapeOf(char c) =>
        c switch
        {
            '\0' => @"\0",
            '\a' => @"\a",
            '\b' => @"\b",
            '\t' => @"\t",
            '\n' => @"\n",
            '\v' => @"\v",
            '\f' => @"\f",
            '\r' => @"\r",
            '\e' => @"\e",
            _ => @"\u" + ((int)c).ToString("X4", CultureInfo.InvariantCulture),
        };

    private static string HiddenCharacters()
    {
        var all = new StringBuilder();
        (char First, char Last)[] ranges =
        [
            ('\u0000', '\u001F'),
            ('\u007F', '\u009F'),
            ('\u061C', '\u061C'),
            ('\u200E', '\u200F'),
            ('\u2028', '\u202E'),
            ('\u2066', '\u2069'),
        ];
        foreach (var (first, last) in ranges)
        {
            for (var c = first; c <= last; c++)
            {
                all.Append(c);
            }
        }
        return all.ToString();
    }
}
