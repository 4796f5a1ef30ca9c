using System.Collections.Concurrent;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.Agent.Executors.Docker;

/// <summary>The engine's images: pulls them, and resolves references to digests.</summary>
internal sealed class EngineImages(DockerClient client, Uri? endpoint)
{
    /// <summary>Twice the time of Docker's own lookup (moby daemon/cluster/services.go): a slow registry costs a moment, but an unpinned
    /// image stays unpinned.</summary>
    private static readonly TimeSpan DigestTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Lazy<Task>> _pulls = new(StringComparer.Ordinal);

    /// <summary>Pulls an image. Tasks that need the same image share one pull.</summary>
    /// <returns>The error, or null.</returns>
    /// <exception cref="ExecutorUnavailableException">The engine does not answer.</exception>
    public async Task<Exception?> PullAsync(string image, RegistryCredential? credential, CancellationToken cancellation)
    {
        var pull = _pulls.GetOrAdd(image, key => new Lazy<Task>(() => PullOnceAsync(key, credential)));
        try
        {
            await pull.Value.WaitAsync(cancellation);
            return null;
        }
        catch (Exception e) when (EngineErrors.IsAway(e, cancellation))
        {
            throw new ExecutorUnavailableException($"The container engine does not answer: {e.Message}", e);
        }
        catch (DockerApiException e)
        {
            return e;
        }
        finally
        {
            _pulls.TryRemove(KeyValuePair.Create(image, pull));
        }
    }

    /// <summary>Resolves a reference at its registry, or on this engine if the registry cannot be asked. Only the registry knows all
    /// platforms.</summary>
    /// <returns>Null when the text is no reference.</returns>
    /// <exception cref="ImageNotResolvedException">Neither knows it; the message has the registry's reason.</exception>
    /// <exception cref="ExecutorUnavailableException">The engine does not answer.</exception>
    public async Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation)
    {
        if (!ImageReference.TryParse(image, out var reference))
        {
            return null;
        }
        if (reference.Digest.Length > 0)
        {
            return new ResolvedImage(reference.Digest);
        }
        var tagged = $"{reference.Name}:{reference.TagOrLatest}";
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(DigestTimeout);
        try
        {
            using var authorized = credential is null
                ? null
                : EngineConnection.Builder(endpoint).WithHeader("X-Registry-Auth", RegistryAuth.Encode(credential)).Build();
            var found = await (authorized ?? client).Distribution.InspectAsync(tagged, timeout.Token);
            return new ResolvedImage(
                found.Descriptor.Digest,
                RegistryAnswer.Platforms((found.Platforms ?? []).Select(static p => ((string?)p.OS, (string?)p.Architecture)))
            );
        }
        catch (Exception e) when (e is DockerApiException || EngineErrors.IsAway(e, cancellation))
        {
            return await LocalDigestAsync(reference, tagged, cancellation) is { } digest
                ? new ResolvedImage(digest)
                : throw (
                    e is DockerApiException refused
                        ? NotResolved(refused)
                        : new ImageNotResolvedException(
                            timeout.IsCancellationRequested ? $"no answer within {DigestTimeout.TotalSeconds} s" : e.Message,
                            needsCredential: false,
                            e
                        )
                );
        }
    }

    private static ImageNotResolvedException NotResolved(DockerApiException e) =>
        new(EngineErrors.MessageOf(e), RegistryAnswer.NeedsCredential(e.StatusCode, EngineErrors.MessageOf(e)), e);

    private Task PullOnceAsync(string image, RegistryCredential? credential)
    {
        if (!ImageReference.TryParse(image, out var reference))
        {
            return Task.CompletedTask;
        }
        var auth = credential is null
            ? null
            : new AuthConfig
            {
                Username = credential.Username,
                Password = credential.Password,
                ServerAddress = credential.ServerAddress,
            };
        var parameters = new ImagesCreateParameters
        {
            FromImage = reference.Name,
            Tag = reference.Digest.Length > 0 ? reference.Digest : reference.TagOrLatest,
        };
        // An error within the stream of progress shows as a missing image.
        return client.Images.CreateImageAsync(parameters, auth, new NoProgress());
    }

    private async Task<string?> LocalDigestAsync(ImageReference reference, string tagged, CancellationToken cancellation)
    {
        try
        {
            var image = await EngineErrors.CallAsync(() => client.Images.InspectImageAsync(tagged, cancellation), cancellation);
            return (image.RepoDigests ?? [])
                .Select(text => ImageReference.TryParse(text, out var parsed) ? parsed : null)
                .FirstOrDefault(parsed => parsed?.FamiliarName == reference.FamiliarName)
                ?.Digest;
        }
        catch (Exception e) when (e is DockerApiException or ExecutorUnavailableException)
        {
            return null;
        }
    }

    private sealed class NoProgress : IProgress<JSONMessage>
    {
        public void Report(JSONMessage value) { }
    }
}
