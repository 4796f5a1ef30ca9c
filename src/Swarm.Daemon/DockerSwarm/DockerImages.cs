using Swarm.Core.Model;

namespace Swarm.Daemon.DockerSwarm;

/// <summary>Asks a registry, through the engine, what a tag means now: as <c>docker service create</c> does.</summary>
internal sealed class DockerImages(EngineClient engine)
{
    /// <summary>A registry that does not answer must not hold up a service: its nodes pull by tag then.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    public async Task<string?> ResolveDigestAsync(string image, RegistryCredential? credential, CancellationToken cancellation)
    {
        if (!ImageReference.TryParse(image, out var reference))
        {
            return null;
        }
        if (reference.Digest.Length > 0)
        {
            return reference.Digest;
        }
        try
        {
            var found = await engine.SendAsync(
                HttpMethod.Get,
                $"/distribution/{reference.Name}:{reference.TagOrLatest}/json",
                null,
                Deadline,
                RegistryAuth.Encode(credential),
                cancellation
            );
            return found.Object("Descriptor").Text("digest") is { Length: > 0 } digest ? digest : null;
        }
        catch (EngineException)
        {
            return null;
        }
        catch (SwarmException e) when (e.Kind == SwarmErrorKind.Unavailable)
        {
            return null;
        }
    }
}
