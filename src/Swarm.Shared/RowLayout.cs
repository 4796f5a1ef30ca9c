using System.Text;

namespace Swarm;

/// <summary>Lays out a row of a table. A cell that is longer than its column moves what follows to the right; what does not fit on the line
/// begins another one. So a value stays in one piece, where a person can copy it.</summary>
/// <remarks>PowerShell's own columns shorten a value, break it in its column, or leave out the last columns. Whether it breaks lines between
/// words depends on the culture.</remarks>
internal static class RowLayout
{
    /// <summary>Characters of a line at least. A console of 80 columns shows 79, and so does a file that its output is redirected to.</summary>
    public const int Narrow = 79;

    /// <summary>Further lines begin below the second column, if the first one is not wider than an id.</summary>
    private const int WidestIndent = 13;

    private const int Indent = 4;

    /// <summary>For a text that is longer than a line. At the left it could be taken for a row.</summary>
    private const int LeastIndent = 2;

    /// <param name="width">Characters of a line.</param>
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

        /// <summary>Length of the last line.</summary>
        private int _length;

        public bool Fits(string text, int start) => text.Length > 0 && At(start) + text.Length <= width;

        public void Put(string text, int start)
        {
            if (!Fits(text, start))
            {
                Begin();
                start =
                    start + text.Length <= width ? start
                    : indent + text.Length <= width ? indent
                    : Math.Min(start, LeastIndent);
            }
            var at = At(start);
            _text.Append(' ', at - _length).Append(text);
            _length = at + text.Length;
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
}
