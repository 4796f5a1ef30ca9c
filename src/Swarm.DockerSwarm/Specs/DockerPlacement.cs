using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>A placement in Docker's words.</summary>
internal static class DockerPlacement
{
    public static Placement Read(JsonObject? raw) =>
        new()
        {
            Constraints = raw.Texts("Constraints"),
            SpreadPreferences = (raw.Array("Preferences") ?? [])
                .Select(static p => p.Object("Spread").Text("SpreadDescriptor"))
                .ToValueList(),
            MaxReplicasPerNode = raw.Unsigned("MaxReplicas") ?? 0,
            Platforms = ReadPlatforms(raw.Array("Platforms")),
        };

    /// <summary>As <c>os/architecture</c>, or <c>os</c> where any architecture will do.</summary>
    public static ValueList<string> ReadPlatforms(JsonArray? raw) =>
        (raw ?? [])
            .Select(static p => p.Text("Architecture") is { Length: > 0 } architecture ? $"{p.Text("OS")}/{architecture}" : p.Text("OS"))
            .ToValueList();

    public static void Change(JsonObject template, Placement before, Placement after)
    {
        if (before == after)
        {
            return;
        }
        var raw = template.Child("Placement");
        raw.ChangeTexts("Constraints", before.Constraints, after.Constraints);
        if (before.SpreadPreferences != after.SpreadPreferences)
        {
            raw["Preferences"] = new JsonArray([
                .. after.SpreadPreferences.Select(static d => new JsonObject { ["Spread"] = new JsonObject { ["SpreadDescriptor"] = d } }),
            ]);
        }
        raw.ChangeNumber("MaxReplicas", before.MaxReplicasPerNode, after.MaxReplicasPerNode);
        if (before.Platforms != after.Platforms)
        {
            WritePlatforms(raw, after.Platforms);
        }
    }

    private static void WritePlatforms(JsonObject placement, ValueList<string> platforms)
    {
        if (platforms.Count == 0)
        {
            placement.Remove("Platforms");
            return;
        }
        var written = new JsonArray();
        foreach (var platform in platforms)
        {
            var parts = platform.Split('/', 2);
            var one = new JsonObject { ["OS"] = parts[0] };
            if (parts.Length > 1)
            {
                one["Architecture"] = parts[1];
            }
            written.Add((JsonNode)one);
        }
        placement["Platforms"] = written;
    }
}
