using System.Globalization;
using System.Text;

namespace Swarm;

/// <summary>Lays out a row of a table. A cell that is longer than its column moves what follows to the right; what does not fit on the line
/// begins another one. So a value stays in one piece, where a person can copy it.</summary>
/// <remarks>PowerShell's own columns shorten a value, break it in its column, or leave out the last columns. Whether it breaks lines between
/// words depends on the culture.</remarks>
internal static class RowLayout
{
    /// <summary>Columns of a line at least. A console of 80 columns shows 79, and so does a file that its output is redirected to.</summary>
    public const int Narrow = 79;

    /// <summary>Further lines begin below the second column, if the first one is not wider than an id.</summary>
    private const int WidestIndent = 13;

    private const int Indent = 4;

    /// <summary>For a text that is longer than a line. At the left it could be taken for a row.</summary>
    private const int LeastIndent = 2;

    /// <param name="width">Columns of a line.</param>
    /// <param name="columns">The widths of the columns, without the space between them; the last cell needs none.</param>
    /// <param name="cells">Their texts. An empty one takes no place.</param>
    /// <param name="texts">Sentences. The first one stands behind the cells if it fits there. The others have lines of their own.</param>
    /// <returns>Lines without spaces at their ends.</returns>
    public static string Lay(int width, IReadOnlyList<int> columns, IReadOnlyList<string?> cells, IEnumerable<string> texts)
    {
        var indent = columns[0] < WidestIndent ? columns[0] + 1 : Indent;
        var lines = new Lines(width, indent);
        var start = 0;
        for (var i = 0; i < cells.Count; i++)
        {
            if (cells[i] is { Length: > 0 } cell)
            {
                lines.Put(cell, start);
            }
            start += i < columns.Count ? columns[i] + 1 : 0;
        }
        var first = true;
        foreach (var text in texts)
        {
            if (first && lines.Fits(text, start))
            {
                lines.Put(text, start);
            }
            else if (text.Length > 0)
            {
                lines.Begin();
                foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    lines.Put(word, indent);
                }
            }
            first = false;
        }
        return lines.ToString();
    }

    /// <summary>The lines so far.</summary>
    private sealed class Lines(int width, int indent)
    {
        private readonly StringBuilder _text = new();

        /// <summary>Columns of the last line.</summary>
        private int _length;

        public bool Fits(string text, int start) => text.Length > 0 && At(start) + CellWidth.Of(text) <= width;

        public void Put(string text, int start)
        {
            var length = CellWidth.Of(text);
            if (!Fits(text, start))
            {
                Begin();
                start =
                    start + length <= width ? start
                    : indent + length <= width ? indent
                    : Math.Min(start, LeastIndent);
            }
            var at = At(start);
            _text.Append(' ', at - _length).Append(text);
            _length = at + length;
        }

        public void Begin()
        {
            if (_length > 0)
            {
                _text.Append('\n');
                _length = 0;
            }
        }

        public override string ToString() => _text.ToString();

        private int At(int start) => _length == 0 ? start : Math.Max(start, _length + 1);
    }

    /// <summary>The columns that a text takes on a terminal.</summary>
    private static class CellWidth
    {
        /// <summary>Ranges of characters that take two columns. Source: PowerShell, ConsoleControl.CharLengthInBufferCells, and UAX #11 for those beyond the basic
        /// plane.</summary>
        private static readonly (int First, int Last)[] Wide =
        [
            (0x1100, 0x115F),
            (0x2329, 0x232A),
            (0x2E80, 0x303E),
            (0x3040, 0xA4CF),
            (0xAC00, 0xD7A3),
            (0xF900, 0xFAFF),
            (0xFE10, 0xFE19),
            (0xFE30, 0xFE6F),
            (0xFF00, 0xFF60),
            (0xFFE0, 0xFFE6),
            (0x1F300, 0x1F64F),
            (0x1F680, 0x1F6FF),
            (0x1F900, 0x1F9FF),
            (0x20000, 0x3FFFD),
        ];

        public static int Of(string text)
        {
            if (Ascii.IsValid(text))
            {
                return text.Length;
            }
            var width = 0;
            foreach (var rune in text.EnumerateRunes())
            {
                width += Of(rune);
            }
            return width;
        }

        private static int Of(Rune rune) =>
            Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format ? 0
            : Array.Exists(Wide, range => rune.Value >= range.First && rune.Value <= range.Last) ? 2
            : 1;
    }
}
