using System.Net.Security;
using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Control.Hosts;
using Swarm.Core.Errors;
using Swarm.Security;
using Swarm.Wire.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Plane;

/// <summary>Other nodes' hosts, through the configured swarmd: an engine's swarm does not know them.</summary>
internal sealed class DockerPeers(IReadOnlyList<PeerSetting> peers, Action<string> warn, TimeProvider time) : INodeHosts
{
    /// <summary>The time for the peer to identify itself.</summary>
    private static readonly TimeSpan Introduction = TimeSpan.FromSeconds(10);

    /// <summary>A firewall's tools are slow on a busy host, but not slower than this.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMinutes(3);

    /// <inheritdoc/>
    /// <exception cref="SwarmException">PeerCertificateInvalid, PeerIsAnotherNode: nothing was done.</exception>
    public async Task<V1.HostAnswer> RunAsync(string nodeId, string nodeName, V1.HostCommand command, CancellationToken cancellation)
    {
        var peer =
            peers.FirstOrDefault(p => p.Node == nodeId)
            ?? peers.FirstOrDefault(p => p.Node.Equals(nodeName, StringComparison.OrdinalIgnoreCase))
            ?? throw Unknown(nodeName);
        using var channel = ClusterChannel.Create(
            peer.Address.ToString(),
            PeerCredential.Load(peer, time, warn).ClientOptions(SslApplicationProtocol.Http2)
        );
        var client = new V1.Daemon.DaemonClient(channel);
        await RequireNodeAsync(client, peer, nodeId, nodeName, cancellation);
        try
        {
            var response = await client.RunHostCommandAsync(
                new V1.RunHostCommandRequest { RequestId = Guid.NewGuid().ToString("n"), Command = command },
                deadline: Deadline(AnswerWithin),
                cancellationToken: cancellation
            );
            return response.Answer;
        }
        catch (RpcException e) when (GrpcErrors.ToSwarmException(e) is { } refused)
        {
            // In the same form as an agent's error.
            return new V1.HostAnswer
            {
                Error = new V1.HostError
                {
                    ErrorId = refused.ErrorId,
                    Message = WithoutName(refused.Message, refused.Target),
                    Target = refused.Target,
                    Action = refused.Action,
                },
            };
        }
        catch (RpcException e) when (!cancellation.IsCancellationRequested)
        {
            throw HostAnswers.DoesNotAnswer(nodeName, e);
        }
    }

    /// <summary>An address may belong to another host by now: nothing is done on a host other than the node's.</summary>
    private async Task RequireNodeAsync(
        V1.Daemon.DaemonClient client,
        PeerSetting peer,
        string nodeId,
        string nodeName,
        CancellationToken cancellation
    )
    {
        V1.DaemonInfo there;
        try
        {
            there = await client.GetDaemonAsync(
                new V1.GetDaemonRequest(),
                deadline: Deadline(Introduction),
                cancellationToken: cancellation
            );
        }
        catch (RpcException e) when (!cancellation.IsCancellationRequested)
        {
            throw new SwarmException(
                SwarmErrorKind.Unavailable,
                "NodeNotConnected",
                $"The swarmd of node {nodeName} does not answer at {peer.Address} ({GrpcErrors.Reason(e).TrimEnd('.')}): nothing was done there.",
                nodeName,
                $"See that swarmd runs on {nodeName} with --control-plane docker, that a firewall lets {peer.Address.Port}/tcp through, and that '{peer.Certificate}' was made there with New-SwarmCredential.",
                e
            );
        }
        if (there.NodeId != nodeId)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "PeerIsAnotherNode",
                $"At {peer.Address}, the peer {peer.Node}, there is the swarmd of {there.Hostname} (node id {(there.NodeId.Length > 0 ? there.NodeId : "none")}), not of node {nodeName}: nothing was done there.",
                nodeName,
                "Correct the setting peers of this swarmd, and start it again."
            );
        }
    }

    // The peer's message begins with its own host name; the caller's answer begins with the node's name.
    private static string WithoutName(string message, string name) =>
        message.StartsWith(name + ": ", StringComparison.Ordinal) ? message[(name.Length + 2)..] : message;

    private DateTime Deadline(TimeSpan within) => time.GetUtcNow().UtcDateTime + within;

    private static SwarmException Unknown(string nodeName) =>
        new(
            SwarmErrorKind.Unavailable,
            "NodeNotConnected",
            $"With the docker control plane this swarmd reaches its own host and its peers only, and {nodeName} is none: nothing was done there.",
            nodeName,
            $"Make it a peer: New-SwarmCredential on {nodeName}, and --peer {nodeName}=HOST:{HostAddress.DockerPlanePort},FILE for this swarmd. Or run the cmdlet on {nodeName}, as root; or connect to its swarmd with Connect-Swarm -ManagerAddress HOST:{HostAddress.DockerPlanePort} (port {HostAddress.ClusterPort} is the engine's)."
        );
}
