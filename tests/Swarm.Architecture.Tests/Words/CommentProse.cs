using System.Text.RegularExpressions;

namespace Swarm.Architecture.Tests.Words;

/// <summary>Joins the lines of comments to paragraphs.</summary>
internal static partial class CommentProse
{
    /// <summary>Stands for the start and the end of an element of documentation, such as a summary.</summary>
    private const char Boundary = '\u0001';

    public static IEnumerable<Prose> Paragraphs(string file, IReadOnlyList<Comment> comments)
    {
        for (var i = 0; i < comments.Count; )
        {
            var first = comments[i];
            var lines = new List<string>();
            do
            {
                lines.Add(comments[i++].Text);
            } while (
                i < comments.Count
                && first.IsAlone
                && comments[i] is { IsAlone: true } next
                && next.Line == first.Line + lines.Count
                && next.IsDocumentation == first.IsDocumentation
            );
            var text = string.Join('\n', lines);
            foreach (var prose in Split(file, first.Line, first.IsDocumentation ? WithoutXml(text) : text))
            {
                yield return prose;
            }
        }
    }

    private static IEnumerable<Prose> Split(string file, int line, string text)
    {
        var joined = InlineCode.JoinSpans(text);
        var at = 0;
        foreach (Match end in ParagraphEnd().Matches(joined))
        {
            yield return new(file, line, joined[at..end.Index]);
            line += joined[at..(end.Index + end.Length)].Count(c => c is '\n' or InlineCode.LineFeed);
            at = end.Index + end.Length;
        }
        yield return new(file, line, joined[at..]);
    }

    private static string WithoutXml(string text)
    {
        text = CodeBlock().Replace(text, m => Boundary + new string('\n', m.Value.Count(c => c == '\n')) + Boundary);
        text = CodeSpan().Replace(text, m => InlineCode.Word(m.Groups[1].Value));
        text = Reference().Replace(text, m => InlineCode.Word(m.Groups[1].Value));
        text = InlineTag().Replace(text, "");
        return Tag().Replace(text, Boundary.ToString());
    }

    /// <summary>An empty or indented line (options, commands), a list item, a keyword of comment-based help, or the edge of an XML element.</summary>
    [GeneratedRegex(
        @"\u0001|\n[ \t]*(?=\n)|\n(?=[ ]{2,11}\S)|(?<=(?:^|\n)[ ]{2,11}\S[^\n]*)\n(?![ ]{12})|\n(?=[ \t]*(?:[-*•]|\d+\.)[ \t])|(?:^|\n)[ \t]*\.[A-Z]+[^\n]*(?=\n|$)"
    )]
    private static partial Regex ParagraphEnd();

    [GeneratedRegex("<code>.*?</code>", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("<c>(.*?)</c>", RegexOptions.Singleline)]
    private static partial Regex CodeSpan();

    [GeneratedRegex("<(?:see|paramref|typeparamref|seealso)\\s+(?:cref|name|langword|href)=\"([^\"]*)\"\\s*/>")]
    private static partial Regex Reference();

    [GeneratedRegex("</?(?:see|seealso|i|b|em|strong|br|a)\\b[^>]*>")]
    private static partial Regex InlineTag();

    [GeneratedRegex("</?[A-Za-z][^>]*>")]
    private static partial Regex Tag();
}
