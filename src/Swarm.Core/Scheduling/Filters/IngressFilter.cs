using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling.Filters;

/// <summary>Tasks of services that every node answers for go to nodes where other nodes reach them. A node without a swarmd of its own is Docker's, and Docker
/// reaches all tasks.</summary>
internal sealed class IngressFilter : NodeFilter
{
    public override string Name => "ingress";

    public override bool Accepts(NodeInfo node)
    {
        var description = node.Node!.Description;
        if (description.SwarmdVersion.Length == 0)
        {
            return true;
        }
        foreach (var plugin in description.Plugins.AsSpan())
        {
            if (plugin == DataPlaneCapabilities.IngressPorts)
            {
                return true;
            }
        }
        return false;
    }

    public override string Summarize(NodeInfo node) => "published ports do not reach tasks there";

    public static bool IsNeeded(ServiceSpec spec)
    {
        foreach (var port in spec.Ports.AsSpan())
        {
            if (port.Mode == PublishMode.Ingress)
            {
                return true;
            }
        }
        return false;
    }
}
