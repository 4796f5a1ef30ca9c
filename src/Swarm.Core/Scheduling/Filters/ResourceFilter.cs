using System.Globalization;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>The node has the resources that the task reserves, beyond the reservations of its other tasks.</summary>
internal sealed class ResourceFilter(TaskShare wanted) : NodeFilter
{
    public override string Name => "resources";

    public override bool DependsOnLoad => true;

    public override bool Accepts(NodeInfo node) => HasCpus(node) && HasMemory(node);

    public override string Summarize(NodeInfo node) => Describe(node, withFree: false);

    public override string Explain(NodeInfo node) => Describe(node, withFree: true);

    // A resource that is not asked for is never short, even if the node's reservations exceed its resources. SwarmKit refuses such a node to a
    // task that reserves the other resource (manager/scheduler/filter.go compares 0 with less than 0).
    private bool HasCpus(NodeInfo node) => wanted.NanoCpus == 0 || wanted.NanoCpus <= node.FreeNanoCpus;

    private bool HasMemory(NodeInfo node) => wanted.MemoryBytes == 0 || wanted.MemoryBytes <= node.FreeMemoryBytes;

    private string Describe(NodeInfo node, bool withFree)
    {
        var parts = new List<string>(2);
        if (!HasCpus(node))
        {
            var free = withFree ? $" of {Cpus(Math.Max(node.FreeNanoCpus, 0))} free" : "";
            parts.Add($"not enough CPU ({Cpus(wanted.NanoCpus)} reserved{free})");
        }
        if (!HasMemory(node))
        {
            var free = withFree ? $" of {Bytes(Math.Max(node.FreeMemoryBytes, 0))} free" : "";
            parts.Add($"not enough memory ({Bytes(wanted.MemoryBytes)} reserved{free})");
        }
        return string.Join(", ", parts);
    }

    private static string Cpus(long nano) => (nano / 1e9m).ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var value = (decimal)bytes;
        var unit = 0;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        return value.ToString("0.##", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
