using Swarm.Host.Firewall;
using Swarm.Host.Systems;

namespace Swarm.Host.Checks;

/// <summary>Checks that this host's ports are free, and that other hosts' ports answer.</summary>
internal static class PortChecks
{
    /// <summary>No other program may listen on a swarm's ports. The caller skips this on a node, which listens there itself.</summary>
    public static HostCheck Free(IHostSystem system, bool isManager)
    {
        const string Name = "PortsFree";
        var listening = system.Listening();
        var taken = SwarmPorts
            .Rules(isManager, [], [])
            .Select(static r => r.Port)
            .Where(p => (p.Protocol == TransportProtocol.Tcp ? listening.Tcp : listening.Udp).Contains(p.First))
            .ToList();
        return taken.Count == 0
            ? HostCheck.Pass(Name, "nothing listens on the ports of a swarm")
            : HostCheck.Warn(
                Name,
                $"in use: {string.Join(", ", taken)}",
                "Find the program with 'ss -lntup' and stop it, unless it is a swarm that this host is in."
            );
    }

    public static async Task<IReadOnlyList<HostCheck>> OutboundAsync(IReadOnlyList<HostPeer> peers, CancellationToken cancellation)
    {
        var probes = peers.SelectMany(p =>
            p.IsManager
                ? new[] { (p.Host, Port: new PortRange(p.ManagementPort, TransportProtocol.Tcp)), (p.Host, Port: SwarmPorts.NodesTcp) }
                : [(p.Host, Port: SwarmPorts.NodesTcp)]
        );
        return await Task.WhenAll(
            probes.Select(async p =>
                Judge($"Port {p.Port} to {p.Host}", await PortProbe.TcpAsync(p.Host, p.Port.First, cancellation), p.Port)
            )
        );
    }

    public static HostCheck Judge(string name, ProbeResult result, PortRange port)
    {
        var needsListener = port != SwarmPorts.NodesTcp;
        return result.Outcome switch
        {
            ProbeOutcome.Open => HostCheck.Pass(name, "answers"),
            ProbeOutcome.Refused when !needsListener => HostCheck.Pass(name, "nothing blocks it; nothing listens there yet"),
            ProbeOutcome.Refused => HostCheck.Fail(
                name,
                $"{port} on {result.Target[..result.Target.LastIndexOf(':')]} does not answer: {result.Detail}",
                "The packets arrive, but no manager listens: look at swarmd there (Get-Swarm)."
            ),
            _ => HostCheck.Fail(
                name,
                $"{port} on {result.Target[..result.Target.LastIndexOf(':')]} does not answer: {result.Detail}",
                OpenIt(port, result.Target[..result.Target.LastIndexOf(':')])
            ),
        };
    }

    public static string OpenIt(PortRange port, string host) =>
        $"Open {port} on {host} (Add-SwarmFirewallRule there), and in firewalls on the way.";
}
