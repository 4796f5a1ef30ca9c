using System.Text.Json;
using Google.Protobuf;

namespace Swarm.Cmdlets.Mapping;

/// <summary>Finds the properties in which two specs differ; a list counts as one property.</summary>
internal static class SpecDiff
{
    public static IReadOnlyDictionary<string, string> Changes(V1.ServiceSpec from, V1.ServiceSpec to)
    {
        var before = Flatten(from);
        var after = Flatten(to);
        return before
            .Keys.Union(after.Keys)
            .Where(k => before.GetValueOrDefault(k) != after.GetValueOrDefault(k))
            .ToDictionary(k => k, k => after.GetValueOrDefault(k) ?? "", StringComparer.Ordinal);
    }

    /// <summary>Names of the properties that another writer (<paramref name="read"/> to <paramref name="now"/>) set to other values than my
    /// change does (<paramref name="read"/> to <paramref name="wanted"/>).</summary>
    public static IReadOnlyList<string> Conflicts(V1.ServiceSpec read, V1.ServiceSpec wanted, V1.ServiceSpec now)
    {
        var theirs = Changes(read, now);
        return
        [
            .. Changes(read, wanted).Where(m => theirs.TryGetValue(m.Key, out var value) && value != m.Value).Select(m => m.Key).Order(),
        ];
    }

    private static Dictionary<string, string> Flatten(V1.ServiceSpec spec)
    {
        using var json = JsonDocument.Parse(JsonFormatter.Default.Format(spec));
        Dictionary<string, string> flat = new(StringComparer.Ordinal);
        Add(flat, "", json.RootElement);
        return flat;
    }

    private static void Add(Dictionary<string, string> flat, string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            flat[path] = element.GetRawText();
            return;
        }
        foreach (var property in element.EnumerateObject())
        {
            Add(flat, path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value);
        }
    }
}
