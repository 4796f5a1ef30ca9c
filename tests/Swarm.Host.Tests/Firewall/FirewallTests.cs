using Swarm.Host.Firewall;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Firewall;

/// <summary>The real tools, each on a host of its own: what is added is there, once, and only what is ours goes.</summary>
public sealed class FirewallTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static readonly string[] s_ports = ["2377/tcp", "7946/tcp", "7946/udp", "4789/udp"];

    internal static FirewallRequest Request(string[]? published = null, string[]? sources = null, FirewallProviderKind? provider = null) =>
        new()
        {
            Rules = SwarmPorts.Rules(
                manager: true,
                [.. (published ?? []).Select(p => PortRange.TryParse(p, out var range) ? range : throw new FormatException(p))],
                [.. (sources ?? []).Select(s => AddressRange.TryParse(s, out var range) ? range : throw new FormatException(s))]
            ),
            Provider = provider,
        };

    internal static async Task<NamespaceHost> FilteringHostAsync(FirewallProviderKind kind)
    {
        switch (kind)
        {
            case FirewallProviderKind.Firewalld:
                var firewalld = await NamespaceHost.StartAsync(true, "firewall-cmd", "dbus-daemon");
                await firewalld.StartFirewalldAsync();
                return firewalld;
            case FirewallProviderKind.Ufw:
                var ufw = await NamespaceHost.StartAsync(true, "ufw");
                await ufw.ShellAsync("ufw --force enable");
                return ufw;
            case FirewallProviderKind.Nftables:
                var nft = await NamespaceHost.StartAsync(true, "nft");
                nft.Write("/etc/nftables.conf", NftConfiguration);
                await nft.ShellAsync("nft -f /etc/nftables.conf");
                return nft;
            default:
                var iptables = await NamespaceHost.StartAsync(true, "iptables");
                await iptables.ShellAsync(
                    """
                    for t in iptables ip6tables; do
                        $t -A INPUT -i lo -j ACCEPT; $t -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
                        $t -A INPUT -p tcp --dport 22 -j ACCEPT; $t -P INPUT DROP
                    done
                    mkdir -p /etc/iptables; iptables-save >/etc/iptables/rules.v4; ip6tables-save >/etc/iptables/rules.v6
                    """
                );
                return iptables;
        }
    }

    private const string NftConfiguration = """
        flush ruleset
        table inet filter {
            chain input {
                type filter hook input priority filter; policy drop;
                ct state established,related accept
                iif lo accept
                tcp dport 22 accept
            }
        }

        """;

    public static TheoryData<FirewallProviderKind> Kinds =>
        [FirewallProviderKind.Firewalld, FirewallProviderKind.Ufw, FirewallProviderKind.Nftables, FirewallProviderKind.Iptables];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Ports_are_opened_once_for_good_and_closed_again(FirewallProviderKind kind)
    {
        await using var host = await FilteringHostAsync(kind);
        var firewall = new HostFirewall(host);
        var pristine = await DumpAsync(host, kind);

        var before = await firewall.GetAsync(Request(), Stop);
        Assert.Equal(kind, before.Provider);
        Assert.Equal(s_ports, before.Rules.Select(r => r.Rule.Port.ToString()));
        Assert.All(before.Rules, r => Assert.Equal(FirewallRuleState.Closed, r.State));

        var dry = await firewall.AddAsync(Request() with { DryRun = true }, Stop);
        Assert.NotEmpty(dry.Commands);
        Assert.Equal(pristine, await DumpAsync(host, kind));

        host.Ran.Clear();
        var added = await firewall.AddAsync(Request(["8080/tcp", "9000-9010/udp"]), Stop);
        Assert.All(
            added.Rules,
            r => Assert.Equal((FirewallRuleState.Open, FirewallOpener.Swarm, true), (r.State, r.OpenedBy, r.Permanent))
        );
        Assert.Equal(6, added.Rules.Count);
        // What -WhatIf says is what is run.
        Assert.All(
            dry.Commands.Where(c => !c.StartsWith("cat ", StringComparison.Ordinal) && !c.Contains("<<", StringComparison.Ordinal)),
            c => Assert.Contains(c, host.Ran)
        );
        var open = await DumpAsync(host, kind);

        var again = await firewall.AddAsync(Request(["8080/tcp", "9000-9010/udp"]), Stop);
        Assert.Empty(again.Commands);
        Assert.Equal(open, await DumpAsync(host, kind));

        // Rules that are asked for without the published ports still show them: they are ours.
        var listed = await firewall.GetAsync(Request(), Stop);
        Assert.Equal([.. s_ports, "8080/tcp", "9000-9010/udp"], listed.Rules.Select(r => r.Rule.Port.ToString()));

        var published = new PortRange(8080, TransportProtocol.Tcp);
        await firewall.RemoveAsync(Request(), [published], Stop);
        Assert.Equal([.. s_ports, "9000-9010/udp"], (await firewall.GetAsync(Request(), Stop)).Rules.Select(r => r.Rule.Port.ToString()));

        var removed = await firewall.RemoveAsync(Request(), [], Stop);
        Assert.All(removed.Rules, r => Assert.Equal(FirewallRuleState.Closed, r.State));
        Assert.Equal(pristine, await DumpAsync(host, kind));
        Assert.Empty((await firewall.RemoveAsync(Request(), [], Stop)).Commands);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rules_limited_to_the_nodes_open_to_the_nodes(FirewallProviderKind kind)
    {
        await using var host = await FilteringHostAsync(kind);
        var firewall = new HostFirewall(host);
        var pristine = await DumpAsync(host, kind);
        string[] nodes = ["10.0.0.1", "10.0.1.0/24", "fd00::1"];
        var added = await firewall.AddAsync(Request(["8080/tcp"], nodes), Stop);
        Assert.All(added.Rules, r => Assert.Equal((FirewallRuleState.Open, FirewallOpener.Swarm), (r.State, r.OpenedBy)));
        Assert.Empty((await firewall.AddAsync(Request(["8080/tcp"], nodes), Stop)).Commands);
        // A node of that network needs nothing more; a stranger is not let in, but for the published port.
        Assert.All(
            (await firewall.GetAsync(Request([], ["10.0.1.7"]), Stop)).Rules.Take(4),
            r => Assert.Equal(FirewallRuleState.Open, r.State)
        );
        Assert.All(
            (await firewall.GetAsync(Request([], ["10.0.2.7"]), Stop)).Rules.Take(4),
            r => Assert.Equal(FirewallRuleState.Closed, r.State)
        );
        Assert.Equal(FirewallRuleState.Open, (await firewall.GetAsync(Request(["8080/tcp"]), Stop)).Rules[4].State);
        await firewall.RemoveAsync(Request(), [], Stop);
        Assert.Equal(pristine, await DumpAsync(host, kind));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_rule_of_the_administrator_that_opens_a_port_is_enough_and_stays(FirewallProviderKind kind)
    {
        await using var host = await FilteringHostAsync(kind);
        await host.ShellAsync(
            kind switch
            {
                FirewallProviderKind.Firewalld => "firewall-cmd --permanent --zone=public --add-port=2377/tcp; firewall-cmd --reload",
                FirewallProviderKind.Ufw => "ufw allow 2377/tcp",
                FirewallProviderKind.Nftables => "nft add rule inet filter input tcp dport '{ 2377, 2400-2500 }' accept",
                _ =>
                    "iptables -A INPUT -p tcp -m multiport --dports 80,2370:2380 -j ACCEPT; ip6tables -A INPUT -p tcp --dport 2377 -j ACCEPT",
            }
        );
        var pristine = await DumpAsync(host, kind);
        var firewall = new HostFirewall(host);
        Assert.Equal(FirewallOpener.Administrator, (await firewall.GetAsync(Request(), Stop)).Rules[0].OpenedBy);
        var added = await firewall.AddAsync(Request(), Stop);
        Assert.Equal(
            [FirewallOpener.Administrator, FirewallOpener.Swarm, FirewallOpener.Swarm, FirewallOpener.Swarm],
            added.Rules.Select(r => r.OpenedBy)
        );
        await firewall.RemoveAsync(Request(), [], Stop);
        Assert.Equal(pristine, await DumpAsync(host, kind));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_rule_of_the_administrator_that_closes_a_port_is_not_overruled(FirewallProviderKind kind)
    {
        await using var host = await FilteringHostAsync(kind);
        await host.ShellAsync(
            kind switch
            {
                FirewallProviderKind.Firewalld =>
                    "firewall-cmd --permanent --zone=public --add-rich-rule='rule port port=7946 protocol=udp reject'; firewall-cmd --reload",
                FirewallProviderKind.Ufw => "ufw deny 7946/udp",
                FirewallProviderKind.Nftables => "nft insert rule inet filter input udp dport 7946 drop",
                _ => "iptables -I INPUT -p udp --dport 7946 -j REJECT",
            }
        );
        var pristine = await DumpAsync(host, kind);
        var firewall = new HostFirewall(host);
        Assert.Equal(
            [FirewallRuleState.Closed, FirewallRuleState.Closed, FirewallRuleState.Blocked, FirewallRuleState.Closed],
            (await firewall.GetAsync(Request(), Stop)).Rules.Select(r => r.State)
        );
        var refused = await Assert.ThrowsAsync<HostException>(() => firewall.AddAsync(Request(), Stop));
        Assert.Equal(("PortClosedByAdministrator", "7946/udp"), (refused.ErrorId, refused.Target));
        Assert.Contains("Nothing was changed", refused.Message, StringComparison.Ordinal);
        Assert.Equal(pristine, await DumpAsync(host, kind));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_failure_half_way_is_rolled_back_and_said(FirewallProviderKind kind)
    {
        await using var host = await FilteringHostAsync(kind);
        var firewall = new HostFirewall(host);
        var pristine = await DumpAsync(host, kind);
        // The last thing that changes something.
        var last = (await firewall.AddAsync(Request() with { DryRun = true }, Stop)).Commands[^1];
        host.Fault = command => command.ToString() == last ? new ToolResult(1, "", "no space left on device") : null;
        var failed = await Assert.ThrowsAsync<HostException>(() => firewall.AddAsync(Request(), Stop));
        Assert.Equal("FirewallChangeFailed", failed.ErrorId);
        Assert.Contains("no space left on device", failed.Message, StringComparison.Ordinal);
        Assert.Contains("rolled back", failed.Message, StringComparison.Ordinal);
        Assert.Equal(pristine, await DumpAsync(host, kind));
    }

    /// <summary>All that the tool knows of its rules, live and kept, and our own files.</summary>
    private static async Task<string> DumpAsync(NamespaceHost host, FirewallProviderKind kind) =>
        await host.ShellAsync(
            kind switch
            {
                FirewallProviderKind.Firewalld => "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones",
                FirewallProviderKind.Ufw => "ufw status verbose; ufw show added",
                FirewallProviderKind.Nftables => "nft list ruleset; cat /etc/nftables.conf",
                _ => "iptables -S; ip6tables -S; grep -v '^#' /etc/iptables/rules.v4 /etc/iptables/rules.v6",
            } + "; ls /etc/swarm 2>/dev/null || true; cat /etc/swarm/* 2>/dev/null || true"
        );
}
