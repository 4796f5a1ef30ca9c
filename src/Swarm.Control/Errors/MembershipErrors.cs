using Swarm.Control.Addresses;
using Swarm.Core.Errors;

namespace Swarm.Control.Errors;

/// <summary>The errors that depend on this node's membership, with Docker's messages where Docker has them.</summary>
public static class MembershipErrors
{
    public static SwarmException AlreadyInSwarm(string clusterId) =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "AlreadyInSwarm",
            "This node is already part of a swarm. Use Exit-Swarm to leave this swarm and join another one.",
            clusterId
        );

    public static SwarmException NotInSwarm() =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "NotInSwarm",
            "This node is not part of a swarm.",
            action: "Use Initialize-Swarm or Join-Swarm to connect this node to a swarm, and try again."
        );

    /// <param name="managers">The managers' addresses that this node knows. None: the engine knows them, by its own port.</param>
    public static SwarmException NotAManager(IReadOnlyList<string> managers) =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "NotAManager",
            "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
            action: managers.Count > 0
                ? $"Connect to a manager with Connect-Swarm: {string.Join(", ", managers)}."
                : $"Connect to a manager's swarmd with Connect-Swarm -ManagerAddress HOST:{HostAddress.DockerPlanePort}; Get-Swarm shows the managers' hosts, with port {HostAddress.ClusterPort}, which is the engine's."
        );

    public static SwarmException Locked() =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "SwarmLocked",
            "Swarm is encrypted and needs to be unlocked before it can be used.",
            action: "Unlock it with Unlock-Swarm and the unlock key."
        );

    public static SwarmException NotLocked() =>
        new(SwarmErrorKind.FailedPrecondition, "SwarmNotLocked", "swarm is not locked", action: "Nothing needs to be done.");

    public static SwarmException InError(string message) =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "NodeInError",
            $"This node cannot take part in its swarm: {message}",
            action: "Correct the cause and restart swarmd, or give up its membership with Exit-Swarm -Force."
        );

    public static SwarmException Starting(string message) =>
        new(SwarmErrorKind.Unavailable, "NodePending", $"This node is not ready yet: {message}", action: "Retry in a moment.");

    public static SwarmException LastManager() =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "LastManager",
            "You are attempting to leave the swarm on a node that is participating as a manager. Removing the last manager erases all current state of the swarm.",
            action: "Use Exit-Swarm -Force to erase the swarm all the same."
        );

    /// <summary>Names the port in the form of a firewall: "2377/tcp on 10.0.0.1 does not answer: no answer in time".</summary>
    public static string DoesNotAnswer(string address, string reason) =>
        HostAddress.TryParse(address, HostAddress.ClusterPort, out var parsed)
            ? $"{parsed.Port}/tcp on {parsed.Host} does not answer: {reason.TrimEnd('.')}"
            : $"{address} does not answer: {reason.TrimEnd('.')}";

    /// <param name="tried">The addresses that were tried, each with its failure.</param>
    /// <param name="program">The program of a manager's port: swarmd, or the engine.</param>
    /// <param name="afterwards">The work that goes on, and how to end it; empty: none goes on.</param>
    public static SwarmException ManagerUnreachable(
        IReadOnlyList<(string Address, string Reason)> tried,
        string program = "swarmd",
        string afterwards = ""
    )
    {
        var addresses = string.Join(", ", tried.Select(static t => t.Address));
        var ports = string.Join(
            ", ",
            tried
                .Select(static t => HostAddress.TryParse(t.Address, HostAddress.ClusterPort, out var a) ? $"{a.Port}/tcp" : t.Address)
                .Distinct()
        );
        return new SwarmException(
            SwarmErrorKind.Unavailable,
            "ManagerUnreachable",
            tried.Count == 1
                ? $"The manager at {addresses} cannot be reached: {tried[0].Reason}."
                : $"None of the managers can be reached: {string.Join("; ", tried.Select(static t => $"{t.Address}: {t.Reason}"))}.",
            addresses,
            $"Check the address, that {program} runs there as a manager, and that no firewall on the way closes {ports}. Add-SwarmFirewallRule opens it on the manager; Test-SwarmFirewallRule -Address tries it from here.{afterwards}"
        );
    }
}
