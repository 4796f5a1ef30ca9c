using System.Diagnostics.CodeAnalysis;

namespace Swarm.Daemon.Executors;

/// <summary>An image reference taken apart: <c>[registry/]name[:tag][@digest]</c>. Source: distribution/reference.</summary>
/// <param name="Name">Registry and path as written: <c>redis</c>, <c>localhost:5000/team/app</c>.</param>
/// <param name="Tag">Empty when there is none.</param>
/// <param name="Digest"><c>sha256:…</c>, or empty.</param>
public sealed record ImageReference(string Name, string Tag, string Digest)
{
    private const string DockerHub = "docker.io/";

    /// <summary>The name as a person writes it: without <c>docker.io/</c> and <c>library/</c>.</summary>
    public string FamiliarName
    {
        get
        {
            var name = Name.StartsWith(DockerHub, StringComparison.Ordinal) ? Name[DockerHub.Length..] : Name;
            return name.StartsWith("library/", StringComparison.Ordinal) ? name["library/".Length..] : name;
        }
    }

    /// <summary>The tag, or <c>latest</c> when there is neither a tag nor a digest.</summary>
    public string TagOrLatest =>
        Tag.Length > 0 ? Tag
        : Digest.Length > 0 ? ""
        : "latest";

    public static bool TryParse(string reference, [NotNullWhen(true)] out ImageReference? image)
    {
        image = null;
        var rest = reference;
        var digest = "";
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
            if (digest.Length != 71 || !digest.StartsWith("sha256:", StringComparison.Ordinal) || !digest.AsSpan(7).IsLowerHex())
            {
                return false;
            }
        }
        var tag = "";
        var colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (
                tag.Length is 0 or > 128
                || tag[0] is '.' or '-'
                || tag.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
            )
            {
                return false;
            }
        }
        var segments = rest.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            var registry = i == 0 && segments.Length > 1;
            var segment = segments[i];
            if (
                segment.Length == 0
                || segment[0] is '.' or '-' or '_'
                || segment[^1] is '.' or '-' or '_'
                || segment.Any(c =>
                    !(
                        char.IsAsciiLetterLower(c)
                        || char.IsAsciiDigit(c)
                        || c is '.' or '_' or '-'
                        || (registry && c is ':' or (>= 'A' and <= 'Z'))
                    )
                )
            )
            {
                return false;
            }
        }
        image = new ImageReference(rest, tag, digest);
        return true;
    }
}

file static class HexSpan
{
    public static bool IsLowerHex(this ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }
        return true;
    }
}
