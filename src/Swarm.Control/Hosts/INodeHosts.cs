using Swarm.Core.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Hosts;

/// <summary>Carries a host command to the swarmd of a node, and its answer back: what a control plane needs for commands to other nodes' hosts.</summary>
public interface INodeHosts
{
    /// <returns>The node's answer, which may be a refusal of its host.</returns>
    /// <exception cref="SwarmException">NodeNotConnected: no swarmd of that node is connected to this one. NodeDoesNotAnswer.</exception>
    Task<V1.HostAnswer> RunAsync(string nodeId, string nodeName, V1.HostCommand command, CancellationToken cancellation);
}
