using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Core.Credentials;
using Swarm.Core.Errors;
using Swarm.Engine;
using Swarm.Storage;

namespace Swarm.DockerSwarm.Plane;

/// <summary>The certificates that this swarmd's authority made, in its state directory. Each manager has its own authority, and so its own
/// list.</summary>
internal sealed class DockerCredentials
{
    /// <summary>Names, numbers and times; readable by its owner only.</summary>
    public const string FileName = "docker-credentials.json";

    private readonly StateDirectory _directory;
    private readonly Lock _gate = new();
    private CredentialSet _current;

    private DockerCredentials(StateDirectory directory, CredentialSet current)
    {
        _directory = directory;
        _current = current;
    }

    public CredentialSet Current => Volatile.Read(ref _current);

    /// <summary>Reads the file. There is none before the first certificate, and in the directories of earlier versions.</summary>
    /// <exception cref="SwarmException">StateDirectoryDamaged.</exception>
    public static DockerCredentials Open(StateDirectory directory)
    {
        try
        {
            return new DockerCredentials(
                directory,
                directory.Read(FileName) is { } bytes ? Read(JsonNode.Parse(bytes)) : CredentialSet.Empty
            );
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw StateDirectory.Damaged(directory.Combine(FileName), "is damaged", e);
        }
    }

    /// <summary>Changes the list; the file is on disk when this returns.</summary>
    /// <exception cref="SwarmException">A refusal of <paramref name="change"/>, or StateDirectoryNotWritable: nothing has changed.</exception>
    public void Change(Func<CredentialSet, CredentialSet> change)
    {
        lock (_gate)
        {
            var after = change(_current);
            _directory.WriteAtomic(FileName, Encoding.UTF8.GetBytes(Write(after).ToJsonString()));
            Volatile.Write(ref _current, after);
        }
    }

    private static CredentialSet Read(JsonNode? content) =>
        new(
            [
                .. (content.Array("issued") ?? []).Select(static c => new IssuedCredential
                {
                    SerialNumber = c.Text("serialNumber"),
                    Name = c.Text("name"),
                    IssuedAt = Time(c.Text("issuedAt")),
                    ExpiresAt = Time(c.Text("expiresAt")),
                    RevokedAt = c.Text("revokedAt") is { Length: > 0 } at ? Time(at) : null,
                }),
            ],
            [.. (content.Array("revokedNames") ?? []).Select(static r => new RevokedName(r.Text("name"), Time(r.Text("until"))))],
            content.Text("forgottenUntil") is { Length: > 0 } until ? Time(until) : null
        );

    private static JsonObject Write(CredentialSet set) =>
        new()
        {
            ["issued"] = new JsonArray([
                .. set.Issued.Select(static c => new JsonObject
                {
                    ["serialNumber"] = c.SerialNumber,
                    ["name"] = c.Name,
                    ["issuedAt"] = Text(c.IssuedAt),
                    ["expiresAt"] = Text(c.ExpiresAt),
                    ["revokedAt"] = c.RevokedAt is { } at ? Text(at) : null,
                }),
            ]),
            ["revokedNames"] = new JsonArray([
                .. set.RevokedNames.Select(static r => new JsonObject { ["name"] = r.Name, ["until"] = Text(r.Until) }),
            ]),
            ["forgottenUntil"] = set.ForgottenUntil is { } until ? Text(until) : null,
        };

    private static string Text(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture);
}
