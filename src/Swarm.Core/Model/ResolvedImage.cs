namespace Swarm.Core.Model;

/// <summary>What a reference to an image means now.</summary>
/// <param name="Digest"><c>sha256:…</c>.</param>
/// <param name="Platforms">What it is made for, <c>linux/amd64</c>; empty: not known.</param>
public sealed record ResolvedImage(string Digest, ValueList<string> Platforms)
{
    public ResolvedImage(string digest)
        : this(digest, []) { }
}
