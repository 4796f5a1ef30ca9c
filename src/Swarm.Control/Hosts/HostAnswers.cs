using Swarm.Core.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Hosts;

/// <summary>Converts a host's answer to the control API's. An error becomes the call's status and names the node.</summary>
public static class HostAnswers
{
    /// <exception cref="SwarmException">The host refused.</exception>
    public static V1.RunHostCommandResponse Respond(V1.HostAnswer answer, string nodeId, string nodeName)
    {
        if (answer.Error is { } error)
        {
            throw new SwarmException(
                KindOf(error.ErrorId),
                error.ErrorId,
                nodeName.Length > 0 ? $"{nodeName}: {error.Message}" : error.Message,
                nodeName.Length > 0 ? nodeName : error.Target,
                error.Action
            );
        }
        return new V1.RunHostCommandResponse
        {
            NodeId = nodeId,
            NodeName = nodeName,
            Answer = answer,
        };
    }

    public static SwarmException NotConnected(string nodeId, string nodeName) =>
        new(
            SwarmErrorKind.Unavailable,
            "NodeNotConnected",
            $"The swarmd of node {nodeName} is not connected: nothing was done there.",
            nodeName,
            $"Start swarmd on {nodeName} and see that Get-SwarmNode shows it Ready; or run the cmdlet there, as root. (Node id {nodeId}.)"
        );

    public static SwarmException DoesNotAnswer(string nodeName, Exception? inner = null) =>
        new(
            SwarmErrorKind.Unavailable,
            "NodeDoesNotAnswer",
            $"Node {nodeName} was asked, but has not answered: whether it was done there is not known.",
            nodeName,
            $"Look with Get-SwarmFirewallRule {nodeName}, and run it again: what is there already is not added twice.",
            inner
        );

    private static SwarmErrorKind KindOf(string errorId) =>
        errorId switch
        {
            "InvalidPort" or "InvalidAddress" or "InvalidArgument" or "UnknownFirewallProvider" => SwarmErrorKind.InvalidArgument,
            "FirewallNotFound" or "FirewallZoneNotFound" => SwarmErrorKind.NotFound,
            "NotAdministrator" => SwarmErrorKind.PermissionDenied,
            "UnknownHostCommand" => SwarmErrorKind.NotSupported,
            _ => SwarmErrorKind.FailedPrecondition,
        };
}
