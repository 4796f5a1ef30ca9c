using System.Text.Json.Nodes;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Plane;

/// <summary>Asks a registry, through the engine, for a tag's current digest and the image's platforms, like <c>docker service
/// create</c>.</summary>
internal sealed class DockerImages(EngineClient engine)
{
    /// <summary>A registry that does not answer must not delay a service: its nodes then pull by tag.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <returns>Null when the text is no reference.</returns>
    /// <exception cref="ImageNotResolvedException">The registry gave no answer; the message is the engine's.</exception>
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

    /// <summary>Drops the architecture of an image for arm: nodes report armv7l and the like, which Docker's scheduler takes for something
    /// else. Source: docker/cli and moby client/service_create.go, after moby/swarmkit issue 2294.</summary>
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
