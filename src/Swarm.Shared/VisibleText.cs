using System.Buffers;
using System.Globalization;
using System.Text;

namespace Swarm;

/// <summary>Makes the texts of others safe to show: a terminal obeys what is in a text, and a log has a line for each record.</summary>
/// <remarks>
/// The module and swarmd are compiled with this one file. Hidden are C0, DEL and C1, which a terminal obeys (Unicode's category Cc; source: ECMA-48), and
/// the line and paragraph separators. Characters that nobody sees are hidden too: those of category Cf and those with the property
/// Default_Ignorable_Code_Point. Among them are zero-width characters, those that turn the direction of the text around them, and tags. Two names that
/// differ in them look alike, and tags carry whole sentences that only programs read (source: Unicode UTR #36, UTS #39).
/// In names all of them are hidden. In other texts two of them stay within an emoji that is composed of others. These are the joiner between two
/// pictographs, and the variation selector after one. There is one of each at most, so that they carry nothing. The joiners of Persian and Indic scripts
/// become escapes, and so do flags of tags. Views show what is there, and the objects keep the data.
/// </remarks>
public static class VisibleText
{
    private const int Joiner = 0x200D;
    private const int TextSelector = 0xFE0E;
    private const int EmojiSelector = 0xFE0F;
    private const int Keycap = 0x20E3;

    /// <summary>Code points, in order. Source: UnicodeData.txt and DerivedCoreProperties.txt of Unicode 17. A test compares them with those of .NET.</summary>
    private static readonly (int First, int Last)[] Hidden =
    [
        (0x0000, 0x001F),
        (0x007F, 0x009F),
        (0x00AD, 0x00AD),
        (0x034F, 0x034F),
        (0x0600, 0x0605),
        (0x061C, 0x061C),
        (0x06DD, 0x06DD),
        (0x070F, 0x070F),
        (0x0890, 0x0891),
        (0x08E2, 0x08E2),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x2028, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFFB),
        (0x110BD, 0x110BD),
        (0x110CD, 0x110CD),
        (0x13430, 0x1343F),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    ];

    /// <summary>The characters that are hidden, and those with which a hidden pair begins.</summary>
    private static readonly SearchValues<char> Suspects = SearchValues.Create(SuspectCharacters());

    /// <summary>True when a name with this text is what it looks like: it has no character that a terminal would obey or that nobody sees.</summary>
    public static bool IsPlain(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOfAny(Suspects); at >= 0 && at < text.Length; )
        {
            var length = CodePointAt(text, at, out var c);
            if (IsHidden(c))
            {
                return false;
            }
            at += length;
            var next = text[at..].IndexOfAny(Suspects);
            at = next < 0 ? text.Length : at + next;
        }
        return true;
    }

    /// <summary>The text with a visible escape in the place of each hidden character: <c>\e</c>, <c>\n</c>, <c>\u009B</c>, <c>\U000E0041</c>.</summary>
    /// <param name="text">Any text; null is empty.</param>
    public static string Of(string? text) => Escape(text, keepLines: false, keepEmoji: true);

    /// <summary>As <see cref="Of"/>, for a name, in which the parts of an emoji are not kept together. The result is plain.</summary>
    public static string OfName(string? text) => Escape(text, keepLines: false, keepEmoji: false);

    /// <summary>As <see cref="Of"/>, for texts of several lines: a line break stays where the next line is indented. A line that begins at
    /// the left could be taken for one of the program's own.</summary>
    public static string Lines(string? text) => Escape(text, keepLines: true, keepEmoji: true);

    /// <summary>The text with spaces in the place of hidden characters: each of the others keeps its place, for a caret below it.</summary>
    public static string Blank(string text)
    {
        var shown = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; )
        {
            var length = CodePointAt(text, i, out var c);
            if (IsHidden(c))
            {
                shown.Append(' ', length);
            }
            else
            {
                shown.Append(text, i, length);
            }
            i += length;
        }
        return shown.ToString();
    }

    private static string Escape(string? text, bool keepLines, bool keepEmoji)
    {
        if (string.IsNullOrEmpty(text) || IsPlain(text))
        {
            return text ?? "";
        }
        var shown = new StringBuilder(text.Length + 16);
        var before = Part.Other;
        for (var i = 0; i < text.Length; )
        {
            var length = CodePointAt(text, i, out var c);
            if (!IsHidden(c))
            {
                shown.Append(text, i, length);
                before = IsPictograph(c) ? Part.Pictograph : Part.Other;
            }
            else if (keepLines && BreakAt(text, i) is > 0 and var lineBreak)
            {
                length = lineBreak;
                shown.Append(text, i, length);
                before = Part.Other;
            }
            else if (keepEmoji && BelongsToEmoji(text, i, c, before))
            {
                shown.Append(text, i, length);
                before = c == Joiner ? Part.Other : Part.Selector;
            }
            else
            {
                shown.Append(EscapeOf(c));
                before = Part.Other;
            }
            i += length;
        }
        return shown.ToString();
    }

    /// <summary>True for the joiner between two pictographs, and for a variation selector that follows a pictograph or makes a keycap.</summary>
    private static bool BelongsToEmoji(string text, int i, int c, Part before)
    {
        var next = 0;
        if (i + 1 < text.Length)
        {
            CodePointAt(text, i + 1, out next);
        }
        return c switch
        {
            Joiner => before is Part.Pictograph or Part.Selector && IsPictograph(next),
            TextSelector => before == Part.Pictograph,
            EmojiSelector => before == Part.Pictograph || next == Keycap,
            _ => false,
        };
    }

    /// <summary>Arrows, symbols and pictographs: the blocks in which Unicode has emoji. Source: Unicode UTS #51, emoji-data.txt.</summary>
    private static bool IsPictograph(int c) =>
        c
            is 0xA9
                or 0xAE
                or 0x203C
                or 0x2049
                or 0x2122
                or 0x2139
                or (>= 0x2190 and <= 0x2BFF)
                or 0x3030
                or 0x303D
                or 0x3297
                or 0x3299
                or (>= 0x1F000 and <= 0x1FAFF);

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

    private static string EscapeOf(int c) =>
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
            <= char.MaxValue => @"\u" + c.ToString("X4", CultureInfo.InvariantCulture),
            _ => @"\U" + c.ToString("X8", CultureInfo.InvariantCulture),
        };

    private static bool IsHidden(int c)
    {
        foreach (var (first, last) in Hidden)
        {
            if (c <= last)
            {
                return c >= first;
            }
        }
        return false;
    }

    /// <summary>The character at a place, and how many of the text's it takes. Half a pair is one of its own.</summary>
    private static int CodePointAt(ReadOnlySpan<char> text, int i, out int c)
    {
        if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
        {
            c = char.ConvertToUtf32(text[i], text[i + 1]);
            return 2;
        }
        c = text[i];
        return 1;
    }

    private static string SuspectCharacters()
    {
        var all = new StringBuilder();
        foreach (var (first, last) in Hidden)
        {
            for (var c = first; c <= last; c++)
            {
                var one = c <= char.MaxValue ? (char)c : char.ConvertFromUtf32(c)[0];
                if (all.Length == 0 || all[^1] != one)
                {
                    all.Append(one);
                }
            }
        }
        return all.ToString();
    }

    /// <summary>The kind of the character that was shown last.</summary>
    private enum Part
    {
        Other,
        Pictograph,

        /// <summary>A variation selector, after a pictograph.</summary>
        Selector,
    }
}
