using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Swarm.Core.Model;

/// <summary>The parts of an image reference: <c>[domain/]path[:tag][@digest]</c>. Source: the grammar of distribution/reference.</summary>
/// <param name="Name">Domain and path as written: <c>redis</c>, <c>localhost:5000/team/app</c>.</param>
/// <param name="Tag">Empty when none is given.</param>
/// <param name="Digest"><c>sha256:…</c>; empty when none is given.</param>
public sealed partial record ImageReference(string Name, string Tag, string Digest)
{
    /// <summary>Characters of a name. Source: distribution/reference (NameTotalLengthMax).</summary>
    private const int LongestName = 255;

    /// <summary>Characters of a name, a tag of 128 characters and the longest digest, with their separators.</summary>
    private const int LongestReference = LongestName + 1 + 128 + 1 + 135;

    /// <summary>Prefixes that name Docker Hub; a name without a domain means it as well. Source: distribution/reference
    /// normalize.go.</summary>
    private static readonly string[] Hub = ["docker.io/", "index.docker.io/"];

    /// <summary>The name as a person writes it: without <c>docker.io/</c> and <c>library/</c>.</summary>
    public string FamiliarName
    {
        get
        {
            var hub = Array.Find(Hub, h => Name.StartsWith(h, StringComparison.Ordinal));
            var name = hub is null ? Name : Name[hub.Length..];
            const string Official = "library/";
            return name.StartsWith(Official, StringComparison.Ordinal) && !name.AsSpan(Official.Length).Contains('/')
                ? name[Official.Length..]
                : name;
        }
    }

    /// <summary>The tag, or <c>latest</c> when there is neither a tag nor a digest; empty when there is a digest alone.</summary>
    public string TagOrLatest =>
        Tag.Length > 0 ? Tag
        : Digest.Length > 0 ? ""
        : "latest";

    public static bool TryParse(string text, [NotNullWhen(true)] out ImageReference? image)
    {
        image = null;
        if (text.Length is 0 or > LongestReference)
        {
            return false;
        }
        var match = Grammar().Match(text);
        // 64 hexadecimal digits are an image's id, which means nothing on another node.
        if (!match.Success || match.Groups["name"].Length > LongestName || Id().IsMatch(match.Groups["name"].Value))
        {
            return false;
        }
        image = new ImageReference(match.Groups["name"].Value, match.Groups["tag"].Value, match.Groups["digest"].Value);
        return true;
    }

    public override string ToString() => Name + (Tag.Length > 0 ? ":" + Tag : "") + (Digest.Length > 0 ? "@" + Digest : "");

    [GeneratedRegex(
        """
            \A
            (?<name>
              (?:(?:localhost|(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/)?
              [a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*
            )
            (?::(?<tag>[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}))?
            (?:@(?<digest>sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?
            \z
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Grammar();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
