using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>No task on the node has a host-mode port that the task publishes.</summary>
/// <remarks>Source: moby/swarmkit manager/scheduler/filter.go (HostPortFilter).</remarks>
internal sealed class PortFilter(ValueList<HostPort> ports) : NodeFilter
{
    public override string Name => "ports";

    public override bool DependsOnLoad => true;

    public override bool Accepts(NodeInfo node)
    {
        foreach (var port in ports.AsSpan())
        {
            if (node.Uses(port))
            {
                return false;
            }
        }
        return true;
    }

    public override string Summarize(NodeInfo node) => $"host port {string.Join(", ", ports.Where(node.Uses))} is taken by another task";
}
