using System.Text.RegularExpressions;

namespace Swarm.Daemon.Api;

/// <summary>An image reference. Source: the grammar of distribution/reference (<c>[domain/]path[:tag][@digest]</c>).</summary>
/// <param name="Name">Domain and path, as written.</param>
/// <param name="Tag">Empty: none given.</param>
/// <param name="Digest">Empty: none given; else <c>sha256:…</c>.</param>
internal sealed partial record ImageReference(string Name, string Tag, string Digest)
{
    public static ImageReference? TryParse(string text)
    {
        // The grammar allows 255 characters for the name, 128 for the tag; no digest is longer than 256.
        if (text.Length is 0 or > 640)
        {
            return null;
        }
        var match = Grammar().Match(text);
        return match.Success && match.Groups["name"].Length <= 255
            ? new ImageReference(match.Groups["name"].Value, match.Groups["tag"].Value, match.Groups["digest"].Value)
            : null;
    }

    public override string ToString() => Name + (Tag.Length > 0 ? ":" + Tag : "") + (Digest.Length > 0 ? "@" + Digest : "");

    [GeneratedRegex(
        """
            \A
            (?<name>
              (?:(?:localhost|(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/)?
              [a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*
            )
            (?::(?<tag>[\w][\w.-]{0,127}))?
            (?:@(?<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?
            \z
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Grammar();
}
