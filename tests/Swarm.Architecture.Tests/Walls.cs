using System.Reflection;

namespace Swarm.Architecture.Tests;

/// <summary>Our assemblies, and what each may know of the others. docs/architecture.md has the same table.</summary>
internal static class Walls
{
    /// <summary>The assemblies of swarmd.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Daemon = new Dictionary<string, string[]>
    {
        ["Swarm.Protocol"] = [],
        ["Swarm.Core"] = [],
        ["Swarm.Wire"] = ["Swarm.Core", "Swarm.Protocol"],
        ["Swarm.Engine"] = ["Swarm.Core"],
        ["Swarm.Storage"] = ["Swarm.Core"],
        ["Swarm.Security"] = ["Swarm.Core", "Swarm.Protocol", "Swarm.Storage"],
        ["Swarm.Consensus"] = ["Swarm.Core", "Swarm.Security", "Swarm.Storage"],
        ["Swarm.Control"] = ["Swarm.Core", "Swarm.Protocol", "Swarm.Wire"],
        ["Swarm.Manager"] = ["Swarm.Consensus", "Swarm.Control", "Swarm.Core", "Swarm.Protocol", "Swarm.Security", "Swarm.Wire"],
        ["Swarm.Host"] = ["Swarm.Protocol"],
        ["Swarm.DataPlane"] = ["Swarm.Core", "Swarm.Host"],
        ["Swarm.Agent"] = ["Swarm.Core", "Swarm.DataPlane", "Swarm.Engine", "Swarm.Host", "Swarm.Protocol", "Swarm.Wire"],
        ["Swarm.DockerSwarm"] =
        [
            "Swarm.Control",
            "Swarm.Core",
            "Swarm.Engine",
            "Swarm.Protocol",
            "Swarm.Security",
            "Swarm.Storage",
            "Swarm.Wire",
        ],
        ["swarmd"] =
        [
            "Swarm.Agent",
            "Swarm.Consensus",
            "Swarm.Control",
            "Swarm.Core",
            "Swarm.DataPlane",
            "Swarm.DockerSwarm",
            "Swarm.Engine",
            "Swarm.Host",
            "Swarm.Manager",
            "Swarm.Protocol",
            "Swarm.Security",
            "Swarm.Storage",
            "Swarm.Wire",
        ],
    };

    /// <summary>The assemblies of the module, beside those that it shares with swarmd.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Module = new Dictionary<string, string[]>
    {
        ["Swarm.Shared"] = [],
        ["Swarm.Cmdlets"] = ["Swarm.Host", "Swarm.Protocol", "Swarm.Shared"],
    };

    public static IEnumerable<KeyValuePair<string, string[]>> All => Daemon.Concat(Module);

    public static Assembly Load(string name) => Assembly.Load(new AssemblyName(name));

    public static bool IsOurs(string? assembly) => assembly is "swarmd" || assembly?.StartsWith("Swarm.", StringComparison.Ordinal) == true;
}
