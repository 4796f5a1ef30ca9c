using System.Text;

namespace Swarm.Architecture.Tests.Words;

/// <summary>Splits prose at full stops, question and exclamation marks; colons and semicolons do not end a sentence.</summary>
internal static class SentenceSplitter
{
    private static readonly string[] Abbreviations = ["e.g.", "i.e.", "etc.", "vs.", "cf."];

    /// <summary>Characters around a word that are not part of it.</summary>
    private static readonly char[] Around =
    [
        '(',
        ')',
        '[',
        ']',
        '"',
        '\'',
        '“',
        '”',
        '‘',
        '’',
        '*',
        '_',
        ',',
        '.',
        ':',
        ';',
        '?',
        '!',
        '…',
        '—',
    ];

    public static IEnumerable<Sentence> Split(Prose prose)
    {
        var tokens = new List<string>();
        var line = prose.Line;
        var start = line;
        foreach (var (token, lineFeeds) in Tokens(prose.Text))
        {
            if (tokens.Count == 0)
            {
                start = line + lineFeeds;
            }
            line += lineFeeds + token.Count(c => c == InlineCode.LineFeed);
            tokens.Add(token);
            if (Ends(token))
            {
                yield return Make(prose, start, tokens);
                tokens = [];
            }
        }
        if (tokens.Count > 0)
        {
            yield return Make(prose, start, tokens);
        }
    }

    private static bool Ends(string token)
    {
        var end = token.TrimEnd(')', ']', '"', '\'', '”', '’', '*', '_');
        return end.Length > 0
            && end[^1] is '.' or '!' or '?'
            && !end.EndsWith("...", StringComparison.Ordinal)
            && !Abbreviations.Contains(end.TrimStart('('), StringComparer.OrdinalIgnoreCase);
    }

    private static Sentence Make(Prose prose, int line, List<string> tokens)
    {
        var words = tokens.Where(t => t.Any(char.IsLetterOrDigit)).ToArray();
        var first = words.Length == 0 ? "" : words[0].Trim(Around);
        return new($"{prose.File}:{line}", InlineCode.Readable(string.Join(' ', tokens)), words.Length, first, prose.IsCell);
    }

    /// <summary>Tokens between white space, each with the number of line feeds before it.</summary>
    private static IEnumerable<(string Token, int LineFeeds)> Tokens(string text)
    {
        var token = new StringBuilder();
        var lineFeeds = 0;
        foreach (var c in text + "\n")
        {
            if (!char.IsWhiteSpace(c))
            {
                token.Append(c);
                continue;
            }
            if (token.Length > 0)
            {
                yield return (token.ToString(), lineFeeds);
                token.Clear();
                lineFeeds = 0;
            }
            lineFeeds += c == '\n' ? 1 : 0;
        }
    }
}
