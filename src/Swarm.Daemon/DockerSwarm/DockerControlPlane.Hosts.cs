using Swarm.Daemon.Hosts;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.DockerSwarm;

/// <content>Commands for hosts. The engines of a swarm know each other, their swarmd do not: each has an authority of its own, so only this host and the
/// peers that this swarmd was told of are in reach.</content>
internal sealed partial class DockerControlPlane : INodeHosts
{
    public async Task<Wire.RunHostCommandResponse> RunHostCommandAsync(Wire.RunHostCommandRequest request, CancellationToken cancellation)
    {
        var command = request.Command ?? new Wire.HostCommand();
        if (request.Selector.Length == 0)
        {
            // Works before there is a swarm, and without an engine.
            return HostAnswers.Respond(await _hostCommands.RunAsync(command, cancellation), mirror.SelfId, options.Hostname);
        }
        Wire.Node? found = null;
        await foreach (var node in ListNodesAsync(new Wire.ListNodesRequest { Selectors = { request.Selector } }, cancellation))
        {
            found = node;
        }
        return found is null
            ? throw HostAnswers.NotConnected("", request.Selector)
            : HostAnswers.Respond(await RunAsync(found.Id, found.Name, command, cancellation), found.Id, found.Name);
    }

    /// <inheritdoc/>
    public Task<Wire.HostAnswer> RunAsync(string nodeId, string nodeName, Wire.HostCommand command, CancellationToken cancellation) =>
        nodeId == mirror.SelfId ? _hostCommands.RunAsync(command, cancellation) : _peers.RunAsync(nodeId, nodeName, command, cancellation);
}
