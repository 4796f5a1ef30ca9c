using Swarm.Core.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Hosts;

/// <summary>Sends a host command to the swarmd of a node, and returns its answer. Control planes use it for commands to other nodes'
/// hosts.</summary>
public interface INodeHosts
{
    /// <returns>The node's answer, which may be an error of its host.</returns>
    /// <exception cref="SwarmException">NodeNotConnected: no swarmd of that node is connected to this one. NodeDoesNotAnswer.</exception>
    Task<V1.HostAnswer> RunAsync(string nodeId, string nodeName, V1.HostCommand command, CancellationToken cancellation);
}
