using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Swarm.Core.Model;

/// <summary>Lists a spec's properties as paths and values, in the order of the records.</summary>
/// <remarks>The properties come from metadata that the compiler makes of the records. An added property takes part without a line here.</remarks>
public static class SpecProperties
{
    private const string Nothing = "(none)";

    /// <summary>The path and value of every property that is no record itself. Values below an absent record are null.</summary>
    public static IReadOnlyList<(string Path, object? Value)> Of(ServiceSpec spec)
    {
        var properties = new List<(string, object?)>();
        Add(properties, "", SpecMetadata.Default.ServiceSpec, spec);
        return properties;
    }

    /// <summary>As <see cref="Of(ServiceSpec)"/>, of a container: paths have no prefix.</summary>
    public static IReadOnlyList<(string Path, object? Value)> Of(ContainerSpec spec)
    {
        var properties = new List<(string, object?)>();
        Add(properties, "", SpecMetadata.Default.ContainerSpec, spec);
        return properties;
    }

    /// <summary>A line for each property that differs: <c>Container.Image: redis:3.0.6 -> redis:3.0.7</c>. Empty when nothing differs.</summary>
    public static IReadOnlyList<string> Compare(ServiceSpec before, ServiceSpec after)
    {
        var lines = new List<string>();
        foreach (var ((path, old), (_, now)) in Of(before).Zip(Of(after)))
        {
            var (from, to) = (Text(path, old), Text(path, now));
            if (from != to)
            {
                lines.Add($"{Shown(path)}: {Shown(from, Nothing)} -> {Shown(to, Nothing)}");
            }
        }
        return lines;
    }

    private static void Add(List<(string Path, object? Value)> properties, string prefix, JsonTypeInfo type, object? record)
    {
        foreach (var property in type.Properties)
        {
            var path = prefix + property.Name;
            var value = record is null ? null : property.Get!(record);
            if (property.PropertyType == typeof(ServiceMode))
            {
                properties.Add((path, value is ServiceMode.Global ? "global" : "replicated"));
                properties.Add(("Replicas", (value as ServiceMode.Replicated)?.Replicas));
            }
            else if (SpecMetadata.Default.GetTypeInfo(property.PropertyType) is { Kind: JsonTypeInfoKind.Object } nested)
            {
                Add(properties, path + ".", nested, value);
            }
            else
            {
                properties.Add((path, value));
            }
        }
    }

    // Users know CPUs, as in -LimitCpu and -ReserveCpu.
    private static bool IsCpus(string path) => path.EndsWith(".NanoCpus", StringComparison.Ordinal);

    private static string Shown(string path) => IsCpus(path) ? path.Replace(".NanoCpus", ".Cpus", StringComparison.Ordinal) : path;

    private static string Shown(string text, string nothing) => text.Length == 0 ? nothing : text;

    private static string Text(string path, object? value) =>
        value switch
        {
            null => "",
            long nanoCpus when IsCpus(path) => (nanoCpus / 1e9m).ToString(CultureInfo.InvariantCulture),
            string text => text,
            bool flag => flag ? "true" : "false",
            TimeSpan span => span.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s",
            ValueMap map => string.Join(", ", map.Select(e => $"{e.Key}={e.Value}")),
            ValueList<Mount> mounts => string.Join("; ", mounts),
            ValueList<string> texts => string.Join(", ", texts),
            ValueList<PublishedPort> ports => string.Join(", ", ports),
            Enum word => word.ToString(),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => throw new NotSupportedException($"{path} has no text: {value.GetType()} is new to {nameof(SpecProperties)}."),
        };
}

/// <summary>The properties of a spec's records, without reflection.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(ServiceSpec))]
internal sealed partial class SpecMetadata : JsonSerializerContext;
