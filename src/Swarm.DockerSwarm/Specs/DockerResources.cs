using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Limits and reservations in Docker's words.</summary>
internal static class DockerResources
{
    public static ResourceRequirements Read(JsonObject? raw) =>
        new()
        {
            Limits = Amount(raw.Object("Limits")),
            Reservations = Amount(raw.Object("Reservations")),
            PidsLimit = raw.Object("Limits").Number("Pids") ?? 0,
        };

    public static void Change(JsonObject template, ResourceRequirements before, ResourceRequirements after)
    {
        if (before == after)
        {
            return;
        }
        var raw = template.Child("Resources");
        Change(raw.Child("Limits"), before.Limits, after.Limits);
        Change(raw.Child("Reservations"), before.Reservations, after.Reservations);
        raw.Child("Limits").ChangeNumber("Pids", before.PidsLimit, after.PidsLimit);
    }

    private static ResourceAmount Amount(JsonObject? raw) => new(raw.Number("NanoCPUs") ?? 0, raw.Number("MemoryBytes") ?? 0);

    private static void Change(JsonObject raw, ResourceAmount before, ResourceAmount after)
    {
        raw.ChangeNumber("NanoCPUs", before.NanoCpus, after.NanoCpus);
        raw.ChangeNumber("MemoryBytes", before.MemoryBytes, after.MemoryBytes);
    }
}
