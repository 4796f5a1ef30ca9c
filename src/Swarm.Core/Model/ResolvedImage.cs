namespace Swarm.Core.Model;

/// <summary>The current digest and platforms of an image reference.</summary>
/// <param name="Digest"><c>sha256:…</c>.</param>
/// <param name="Platforms">Platforms of the image, such as <c>linux/amd64</c>; empty: unknown.</param>
public sealed record ResolvedImage(string Digest, ValueList<string> Platforms)
{
    public ResolvedImage(string digest)
        : this(digest, []) { }
}
