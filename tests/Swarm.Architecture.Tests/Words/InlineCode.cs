using System.Text.RegularExpressions;

namespace Swarm.Architecture.Tests.Words;

/// <summary>Makes a single word of a code span: spaces and line feeds in it become characters that do not separate words.</summary>
internal static partial class InlineCode
{
    /// <summary>Stands for a line feed within a code span, so that lines can still be counted.</summary>
    public const char LineFeed = '\u2424';

    private const char Space = '\u2423';

    public static string Word(string code) => $"`{code.Trim().Replace('\n', LineFeed).Replace(' ', Space)}`";

    public static string JoinSpans(string text) => Span().Replace(text, m => Word(m.Groups[1].Value));

    public static string Readable(string text) => text.Replace(Space, ' ').Replace(LineFeed, ' ').Replace('\n', ' ');

    [GeneratedRegex("`+([^`]+)`+")]
    private static partial Regex Span();
}
