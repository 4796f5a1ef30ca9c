using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Swarm.Core.Model;

namespace Swarm.Agent.Executors.Process;

/// <summary><c>manifest.json</c> of an image of the process executor.</summary>
/// <remarks>Properties are settable, not init: generated serializers set an init property that the file omits to null instead of its
/// default.</remarks>
public sealed record ImageManifest
{
    /// <summary>The first word is a name, looked up in the image's <c>bin</c> and then PATH, or a path (relative to the image's
    /// directory).</summary>
    public List<string> Entrypoint { get; set; } = [];
    public List<string> Command { get; set; } = [];

    /// <summary><c>NAME=value</c>.</summary>
    public List<string> Env { get; set; } = [];

    /// <summary>Relative to the image's directory; empty: the task's own directory.</summary>
    public string WorkingDir { get; set; } = "";
    public string StopSignal { get; set; } = "";
    public ManifestHealthCheck? HealthCheck { get; set; }
}

/// <summary>Health check of an image; times in seconds, 0 for Docker's defaults.</summary>
public sealed record ManifestHealthCheck
{
    public List<string> Test { get; set; } = [];
    public double IntervalSeconds { get; set; }
    public double TimeoutSeconds { get; set; }
    public double StartPeriodSeconds { get; set; }
    public uint Retries { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = JsonCommentHandling.Skip,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow
)]
[JsonSerializable(typeof(ImageManifest))]
internal sealed partial class ImageManifestJson : JsonSerializerContext;

/// <summary>An image: a directory with a manifest. Its digest covers everything in the directory.</summary>
public sealed record ProcessImage(string Directory, string Digest, ImageManifest Manifest)
{
    /// <summary>Finds the image of a reference, or null.</summary>
    /// <exception cref="TaskRejectedException">The manifest cannot be read.</exception>
    public static ProcessImage? Find(string imagesDirectory, string reference)
    {
        if (!ImageReference.TryParse(reference, out var image))
        {
            return null;
        }
        var name = Path.Combine(imagesDirectory, Path.Combine(image.FamiliarName.Split('/')));
        if (image.TagOrLatest.Length > 0 && Load(Path.Combine(name, image.TagOrLatest)) is { } tagged)
        {
            if (image.Digest.Length == 0 || image.Digest == tagged.Digest)
            {
                return tagged;
            }
        }
        if (image.Digest.Length == 0 || !System.IO.Directory.Exists(name))
        {
            return null;
        }
        // As with an engine, the digest decides and the tag is only a note.
        return System
            .IO.Directory.GetDirectories(name)
            .Order(StringComparer.Ordinal)
            .Select(Load)
            .FirstOrDefault(candidate => candidate?.Digest == image.Digest);
    }

    private static ProcessImage? Load(string directory)
    {
        var path = Path.Combine(directory, "manifest.json");
        if (!File.Exists(path))
        {
            return null;
        }
        try
        {
            var manifest =
                JsonSerializer.Deserialize(File.ReadAllBytes(path), ImageManifestJson.Default.ImageManifest)
                ?? throw new JsonException("The manifest is null.");
            return new ProcessImage(directory, DigestOf(directory), manifest);
        }
        catch (JsonException e)
        {
            throw new TaskRejectedException("InvalidOption", $"The image manifest '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>SHA-256 over path and content of every file, in ordinal order of the paths.</summary>
    private static string DigestOf(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = System.IO.Directory.GetFiles(directory, "*", SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        foreach (var file in files)
        {
            var content = File.ReadAllBytes(file);
            var name = Path.GetRelativePath(directory, file).Replace('\\', '/');
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\0{content.Length}\0"));
            hash.AppendData(content);
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
