using System.Text.RegularExpressions;

namespace Swarm.Architecture.Tests.Words;

/// <summary>Paragraphs, list items, headings and table cells of Markdown, without front matter and code blocks.</summary>
internal sealed partial class MarkdownProse(string file)
{
    private readonly List<Prose> _found = [];
    private readonly List<string> _paragraph = [];
    private int _paragraphLine;

    public IReadOnlyList<Prose> Read(string source)
    {
        var lines = Comment().Replace(source, m => new string('\n', m.Value.Count(c => c == '\n'))).Split('\n');
        string? fence = null;
        var inFrontMatter = lines[0].TrimEnd() == "---";
        for (var i = inFrontMatter ? 1 : 0; i < lines.Length; i++)
        {
            var text = lines[i].Trim().TrimStart('>').TrimStart();
            var mark = Fence().Match(text).Value;
            if (inFrontMatter)
            {
                inFrontMatter = text != "---";
            }
            else if (fence is not null)
            {
                fence = mark.StartsWith(fence, StringComparison.Ordinal) ? null : fence;
            }
            else if (mark.Length > 0)
            {
                End();
                fence = mark;
            }
            else
            {
                ReadLine(i + 1, lines[i], text);
            }
        }
        End();
        return _found;
    }

    private void ReadLine(int number, string line, string text)
    {
        if (text.Length == 0 || (_paragraph.Count == 0 && line.StartsWith("    ", StringComparison.Ordinal) && !Item().IsMatch(text)))
        {
            // An indented line after an empty one continues a list item in these documents; no code is written so.
            End();
        }
        if (text.StartsWith('|'))
        {
            End();
            foreach (var cell in Pipe().Split(text.Trim('|')))
            {
                Add(number, cell, true);
            }
            return;
        }
        var isHeading = text.StartsWith('#');
        if (isHeading || Item().IsMatch(text))
        {
            End();
        }
        if (text.Length > 0)
        {
            _paragraphLine = _paragraph.Count == 0 ? number : _paragraphLine;
            _paragraph.Add(Item().Replace(text.TrimStart('#'), ""));
        }
        if (isHeading)
        {
            End();
        }
    }

    private void End()
    {
        if (_paragraph.Count > 0)
        {
            Add(_paragraphLine, string.Join('\n', _paragraph), false);
            _paragraph.Clear();
        }
    }

    private void Add(int line, string text, bool isCell) =>
        _found.Add(new(file, line, Link().Replace(InlineCode.JoinSpans(text), "$1"), isCell));

    [GeneratedRegex("^(```+|~~~+)")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^([-*+]|\d+\.)\s+")]
    private static partial Regex Item();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Pipe();

    [GeneratedRegex(@"!?\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();
}
