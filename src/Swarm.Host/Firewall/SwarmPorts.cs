namespace Swarm.Host.Firewall;

/// <summary>The ports of a swarm, as Docker documents them.</summary>
public static class SwarmPorts
{
    public static readonly PortRange Management = new(2377, TransportProtocol.Tcp);
    public static readonly PortRange NodesTcp = new(7946, TransportProtocol.Tcp);
    public static readonly PortRange NodesUdp = new(7946, TransportProtocol.Udp);
    public static readonly PortRange Overlay = new(4789, TransportProtocol.Udp);

    /// <summary>The ports that a node needs. Published ports are for clients, so they are open to everybody whatever <paramref name="sources"/> says.</summary>
    /// <param name="manager">Managers answer on 2377/tcp; workers need it to be open on managers only.</param>
    /// <param name="published">Ports of services.</param>
    /// <param name="sources">Limits the swarm's own ports; empty: everybody.</param>
    public static IReadOnlyList<FirewallRule> Rules(
        bool manager,
        IReadOnlyList<PortRange> published,
        IReadOnlyList<AddressRange> sources
    ) =>
        [
            .. manager ? [new FirewallRule(Management, PurposeOf(Management), sources)] : Array.Empty<FirewallRule>(),
            new FirewallRule(NodesTcp, PurposeOf(NodesTcp), sources),
            new FirewallRule(NodesUdp, PurposeOf(NodesUdp), sources),
            new FirewallRule(Overlay, PurposeOf(Overlay), sources),
            .. published.Distinct().Select(static p => new FirewallRule(p, PurposeOf(p), [])),
        ];

    public static string PurposeOf(PortRange port) =>
        port == Management ? "cluster management"
        : port == NodesTcp || port == NodesUdp ? "node to node"
        : port == Overlay ? "overlay network"
        : "published port";
}
