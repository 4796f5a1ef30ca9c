using Swarm.Control.Hosts;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Plane;

/// <content>Commands for hosts. The engines of a swarm know each other, but their swarmd do not: each has an authority of its own.
/// So only this host and the configured peers can be reached.</content>
public sealed partial class DockerControlPlane : INodeHosts
{
    public async Task<V1.RunHostCommandResponse> RunHostCommandAsync(V1.RunHostCommandRequest request, CancellationToken cancellation)
    {
        var command = request.Command ?? new V1.HostCommand();
        if (request.Selector.Length == 0)
        {
            // Works before there is a swarm, and without an engine.
            return HostAnswers.Respond(await options.HostCommands(command, cancellation), mirror.SelfId, options.Hostname);
        }
        V1.Node? found = null;
        await foreach (var node in ListNodesAsync(new V1.ListNodesRequest { Selectors = { request.Selector } }, cancellation))
        {
            found = node;
        }
        return found is null
            ? throw HostAnswers.NotConnected("", request.Selector)
            : HostAnswers.Respond(await RunAsync(found.Id, found.Name, command, cancellation), found.Id, found.Name);
    }

    /// <inheritdoc/>
    public Task<V1.HostAnswer> RunAsync(string nodeId, string nodeName, V1.HostCommand command, CancellationToken cancellation) =>
        nodeId == mirror.SelfId ? options.HostCommands(command, cancellation) : _peers.RunAsync(nodeId, nodeName, command, cancellation);
}
