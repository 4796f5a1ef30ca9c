namespace Swarm.Core.Errors;

/// <summary>The registry did not resolve an image's tag to a digest, and the node has no copy of the image. The message is the registry's
/// or the engine's own.</summary>
public sealed class ImageNotResolvedException(string message, bool needsCredential, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The registry wants a user and password, or others than were given.</summary>
    public bool NeedsCredential { get; } = needsCredential;
}
