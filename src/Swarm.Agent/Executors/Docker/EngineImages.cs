using System.Collections.Concurrent;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.Agent.Executors.Docker;

/// <summary>The engine's images: pulls them, and tells what digest a reference means.</summary>
internal sealed class EngineImages(DockerClient client, Uri? endpoint)
{
    /// <summary>Twice what Docker gives its own lookup (moby daemon/cluster/services.go): a slow registry costs a moment, an image that is not pinned stays so.</summary>
    private static readonly TimeSpan _digestTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Lazy<Task>> _pulls = new(StringComparer.Ordinal);

    /// <summary>One pull an image at a time, however many tasks wait for it.</summary>
    /// <returns>What went wrong, or null.</returns>
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

    /// <summary>What a reference means at its registry, else (a registry that cannot be asked) on this engine. Only the registry knows of all platforms.</summary>
    /// <returns>Null for what is no reference.</returns>
    /// <exception cref="ImageNotResolvedException">Neither knows; with what the registry said.</exception>
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
        timeout.CancelAfter(_digestTimeout);
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
                            timeout.IsCancellationRequested ? $"no answer within {_digestTimeout.TotalSeconds} s" : e.Message,
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
        // Errors within the stream of progress show as the image still missing.
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
