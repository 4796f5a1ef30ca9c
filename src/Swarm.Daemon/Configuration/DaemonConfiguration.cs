using System.Text.Json;
using Swarm.DockerSwarm.Plane;

namespace Swarm.Daemon.Configuration;

/// <summary>Combines the sources: command line over environment over file. The reader supplies defaults.</summary>
internal static class DaemonConfiguration
{
    public const string DefaultFile = "/etc/swarm/swarmd.json";
    public const string FileVariable = "SWARMD_CONFIG";

    /// <param name="file">The value of <c>--config</c>; null: <c>SWARMD_CONFIG</c>, else the default file if there is one.</param>
    /// <param name="commandLine">Only the given options.</param>
    /// <param name="labels">The values of <c>--label</c>, each <c>name=value</c>.</param>
    /// <param name="peers">The values of <c>--peer</c>, each <c>name=address,certificate</c>.</param>
    /// <param name="environment">All variables.</param>
    /// <exception cref="ConfigurationException">The file cannot be read, or names a setting that does not exist.</exception>
    public static IConfigurationRoot Build(
        string? file,
        IReadOnlyDictionary<Setting, string> commandLine,
        IReadOnlyList<string> labels,
        IReadOnlyList<string> peers,
        IReadOnlyDictionary<string, string> environment
    )
    {
        var builder = new ConfigurationBuilder();
        file ??= environment.GetValueOrDefault(FileVariable);
        if (file is not null || File.Exists(DefaultFile))
        {
            AddFile(builder, Path.GetFullPath(file ?? DefaultFile));
        }
        builder.AddInMemoryCollection(FromEnvironment(environment));
        builder.AddInMemoryCollection(commandLine.Select(s => KeyValuePair.Create<string, string?>(s.Key.Name, s.Value)));
        builder.AddInMemoryCollection(labels.Select(static l => Label(l, "--label")));
        builder.AddInMemoryCollection(peers.Select(static p => Peer(p, "--peer")));
        return builder.Build();
    }

    private static void AddFile(ConfigurationBuilder builder, string path)
    {
        var fromFile = new ConfigurationBuilder();
        try
        {
            var content = File.ReadAllBytes(path);
            using var stream = new MemoryStream(content);
            fromFile.AddJsonStream(stream);
            var settings = fromFile.Build();
            RequireMaps(content, path);
            foreach (var section in settings.GetChildren())
            {
                RequireKnown(section, path);
            }
            builder.AddConfiguration(settings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The configuration file '{path}' cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw new ConfigurationException(
                $"The configuration file '{path}' is not a JSON object: {(e.InnerException ?? e).Message} Write it like {{ \"state-dir\": \"/var/lib/swarm\", \"labels\": {{ \"disk\": \"ssd\" }} }}.",
                e
            );
        }
    }

    /// <summary>Configuration makes keys of lists and of nested objects, so only the JSON shows whether labels and peers are
    /// maps.</summary>
    private static void RequireMaps(byte[] content, string path)
    {
        using var document = JsonDocument.Parse(
            content,
            new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
        );
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (
                Settings.Maps.TryGetValue(property.Name, out var example)
                && (
                    property.Value.ValueKind != JsonValueKind.Object
                    || property
                        .Value.EnumerateObject()
                        .Any(static l => l.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
                )
            )
            {
                var name = property.Name.ToLowerInvariant();
                throw new ConfigurationException(
                    $"The setting '{name}' in the configuration file '{path}' must be an object of single values, e.g. \"{name}\": {{ {example} }}."
                );
            }
        }
    }

    private static void RequireKnown(IConfigurationSection section, string path)
    {
        if (Settings.Maps.ContainsKey(section.Key))
        {
            // See RequireMaps.
            return;
        }
        if (!Settings.All.Any(s => s.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase)))
        {
            var known = string.Join(", ", Settings.All.Select(static s => s.Name).Concat(Settings.Maps.Keys));
            throw new ConfigurationException(
                $"The configuration file '{path}' has the setting '{section.Key}', which does not exist. Settings are: {known}."
            );
        }
        if (section.GetChildren().Any())
        {
            throw new ConfigurationException(
                $"The setting '{section.Key}' in the configuration file '{path}' must be a single value, as on the command line."
            );
        }
    }

    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        foreach (var setting in Settings.All)
        {
            if (environment.TryGetValue(setting.Variable, out var value))
            {
                yield return KeyValuePair.Create<string, string?>(setting.Name, value);
            }
        }
        if (environment.TryGetValue("SWARMD_LABELS", out var labels))
        {
            foreach (var label in labels.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                yield return Label(label, "SWARMD_LABELS");
            }
        }
        if (environment.TryGetValue("SWARMD_PEERS", out var peers))
        {
            foreach (var peer in peers.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                yield return Peer(peer, "SWARMD_PEERS");
            }
        }
    }

    private static KeyValuePair<string, string?> Label(string text, string source)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            throw new ConfigurationException($"'{text}' in {source} is not a label. Write name=value, e.g. disk=ssd.");
        }
        return KeyValuePair.Create<string, string?>($"{Settings.Labels}:{text[..equals]}", text[(equals + 1)..]);
    }

    private static KeyValuePair<string, string?> Peer(string text, string source)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            throw new ConfigurationException($"'{text}' in {source} is not a peer. Write {PeerSetting.Form}.");
        }
        return KeyValuePair.Create<string, string?>($"{Settings.Peers}:{text[..equals].Trim()}", text[(equals + 1)..]);
    }
}
