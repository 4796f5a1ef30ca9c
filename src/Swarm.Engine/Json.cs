using System.Text.Json.Nodes;
using Swarm.Core.Model;

namespace Swarm.Engine;

/// <summary>Shortcuts for the engine's JSON, in which anything may be absent.</summary>
public static class Json
{
    public static JsonObject? Object(this JsonNode? node, string name) => (node as JsonObject)?[name] as JsonObject;

    public static JsonArray? Array(this JsonNode? node, string name) => (node as JsonObject)?[name] as JsonArray;

    public static string Text(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    public static bool Flag(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    public static long? Number(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : null;

    public static ulong? Unsigned(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<ulong>(out var number) ? number : null;

    public static double? Real(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<double>(out var number) ? number : null;

    /// <summary>Docker writes durations as nanoseconds.</summary>
    public static TimeSpan? Duration(this JsonNode? node, string name) =>
        node.Number(name) is { } nanoseconds ? TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick) : null;

    public static DateTimeOffset? Time(this JsonNode? node, string name) =>
        // Go's zero time stands for "never".
        DateTimeOffset.TryParse(node.Text(name), System.Globalization.CultureInfo.InvariantCulture, out var time)
        && time.Year > 1
            ? time
            : null;

    public static ValueList<string> Texts(this JsonNode? node, string name) =>
        node.Array(name) is { } array ? array.Select(static t => t?.GetValue<string>() ?? "").ToValueList() : [];

    public static ValueMap Map(this JsonNode? node, string name) =>
        node.Object(name) is { } map
            ? ValueMap.From(map.Select(static e => KeyValuePair.Create(e.Key, e.Value?.GetValue<string>() ?? "")))
            : ValueMap.Empty;

    /// <summary>Nanoseconds, as Docker writes durations.</summary>
    public static JsonNode Nanoseconds(TimeSpan span) => JsonValue.Create(span.Ticks * TimeSpan.NanosecondsPerTick);

    public static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(static t => (JsonNode)JsonValue.Create(t))]);

    public static JsonObject Object(IEnumerable<KeyValuePair<string, string>> map) =>
        new(map.Select(static e => KeyValuePair.Create(e.Key, (JsonNode?)JsonValue.Create(e.Value))));

    /// <summary>The object of that name, created if missing.</summary>
    public static JsonObject Child(this JsonObject parent, string name)
    {
        if (parent[name] is JsonObject child)
        {
            return child;
        }
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    public static JsonObject Copy(this JsonObject node) => (JsonObject)node.DeepClone();
}
