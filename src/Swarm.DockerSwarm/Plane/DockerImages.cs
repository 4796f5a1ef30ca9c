using System.Text.Json.Nodes;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Plane;

/// <summary>Asks a registry, through the engine, what a tag means now and what the image is made for: as <c>docker service create</c> does.</summary>
internal sealed class DockerImages(EngineClient engine)
{
    /// <summary>A registry that does not answer must not hold up a service: its nodes pull by tag then.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <returns>Null for what is no reference.</returns>
    /// <exception cref="ImageNotResolvedException">The registry did not say; with the engine's words.</exception>
    public async Task<ResolvedImage?> ResolveAsync(string image, RegistryCredential? credential, CancellationToken cancellation)
    {
        if (!ImageReference.TryParse(image, out var reference))
        {
            return null;
        }
        if (reference.Digest.Length > 0)
        {
            return new ResolvedImage(reference.Digest);
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
            return new ResolvedImage(found.Object("Descriptor").Text("digest"), Platforms(found.Array("Platforms")));
        }
        catch (EngineException e)
        {
            throw new ImageNotResolvedException(e.Message, RegistryAnswer.NeedsCredential(e.Status, e.Message), e);
        }
        catch (SwarmException e) when (e.Kind == SwarmErrorKind.Unavailable)
        {
            throw new ImageNotResolvedException(e.Message, needsCredential: false, e);
        }
    }

    /// <summary>An image for arm says nothing of the architecture: nodes report armv7l and the like, which Docker's scheduler takes for something else.
    /// Source: docker/cli and moby client/service_create.go, after moby/swarmkit issue 2294.</summary>
    private static ValueList<string> Platforms(JsonArray? told) =>
        RegistryAnswer.Platforms(
            (told ?? []).Select(static p =>
                (
                    (string?)p.Text("os"),
                    p.Text("architecture") is var a && a.Equals("arm", StringComparison.OrdinalIgnoreCase) ? "" : (string?)a
                )
            )
        );
}
