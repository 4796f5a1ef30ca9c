using Swarm.Host.Firewall;

namespace Swarm.Host.Checks;

/// <summary>Judges a port that datagrams were sent to.</summary>
public static class DatagramChecks
{
    /// <summary>The ports of a swarm that take datagrams.</summary>
    public static IReadOnlyList<PortRange> Ports { get; } = [SwarmPorts.NodesUdp, SwarmPorts.Overlay];

    /// <param name="name">Name of the check.</param>
    /// <param name="port">The port that was tried.</param>
    /// <param name="host">The host of the port, for the text.</param>
    /// <param name="arrived">Null: another program listens there.</param>
    public static HostCheck Judge(string name, PortRange port, string host, bool? arrived) =>
        arrived switch
        {
            true => HostCheck.Pass(name, "a datagram arrived"),
            false => HostCheck.Fail(name, "the datagram did not arrive", PortChecks.OpenIt(port, host)),
            null => HostCheck.Warn(
                name,
                $"in use on {host}: it cannot be tried",
                $"Test-SwarmFirewallRule shows whether {port} is open there."
            ),
        };

    /// <summary>The host's swarmd could not be asked to listen.</summary>
    public static HostCheck NotTried(string name, string why) =>
        HostCheck.Warn(
            name,
            $"not tried: {why}",
            "Datagrams are tried where a swarmd listens for them: see that it runs there and is connected."
        );
}
