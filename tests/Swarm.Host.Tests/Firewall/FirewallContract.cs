using Swarm.Host.Firewall;
using Swarm.Host.Systems;

namespace Swarm.Host.Tests.Firewall;

/// <summary>The contract of every firewall, with the real tool on a host of its own. Added rules are there, once, and only our own rules
/// are removed.</summary>
public abstract class FirewallContract(FirewallProviderKind kind)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private FirewallRequest Request(string[]? published = null, string[]? sources = null) =>
        FirewallHosts.Request(published, sources, kind) with
        {
            Zone = kind == FirewallProviderKind.Firewalld ? "public" : "",
        };

    private static readonly string[] Ports = ["2377/tcp", "7946/tcp", "7946/udp", "4789/udp"];

    [Fact]
    public async Task Ports_are_opened_once_for_good_and_closed_again()
    {
        await using var host = await FirewallHosts.FilteringAsync(kind);
        var firewall = new HostFirewall(host);
        var pristine = await FirewallHosts.DumpAsync(host, kind);

        // The firewall is detected once; calling every tool each time would take most of the time of these tests.
        var before = await firewall.GetAsync(FirewallHosts.Request(), Stop);
        Assert.Equal(kind, before.Provider);
        Assert.Equal(Ports, before.Rules.Select(r => r.Rule.Port.ToString()));
        Assert.All(before.Rules, r => Assert.Equal(FirewallRuleState.Closed, r.State));

        var dry = await firewall.AddAsync(Request() with { DryRun = true }, Stop);
        Assert.NotEmpty(dry.Commands);
        Assert.Equal(pristine, await FirewallHosts.DumpAsync(host, kind));

        host.Ran.Clear();
        var added = await firewall.AddAsync(Request(["8080/tcp", "9000-9010/udp"]), Stop);
        Assert.All(
            added.Rules,
            r => Assert.Equal((FirewallRuleState.Open, FirewallOpener.Swarm, true), (r.State, r.OpenedBy, r.Permanent))
        );
        Assert.Equal(6, added.Rules.Count);
        // -WhatIf shows exactly the commands that are run.
        Assert.All(
            dry.Commands.Where(c => !c.StartsWith("cat ", StringComparison.Ordinal) && !c.Contains("<<", StringComparison.Ordinal)),
            c => Assert.Contains(c, host.Ran)
        );
        var open = await FirewallHosts.DumpAsync(host, kind);

        var again = await firewall.AddAsync(Request(["8080/tcp", "9000-9010/udp"]), Stop);
        Assert.Empty(again.Commands);
        Assert.Equal(open, await FirewallHosts.DumpAsync(host, kind));

        // A request without the published ports still lists their rules, because they are ours.
        var listed = await firewall.GetAsync(Request(), Stop);
        Assert.Equal([.. Ports, "8080/tcp", "9000-9010/udp"], listed.Rules.Select(r => r.Rule.Port.ToString()));

        var published = new PortRange(8080, TransportProtocol.Tcp);
        await firewall.RemoveAsync(Request(), [published], Stop);
        Assert.Equal([.. Ports, "9000-9010/udp"], (await firewall.GetAsync(Request(), Stop)).Rules.Select(r => r.Rule.Port.ToString()));

        var removed = await firewall.RemoveAsync(Request(), [], Stop);
        Assert.All(removed.Rules, r => Assert.Equal(FirewallRuleState.Closed, r.State));
        Assert.Equal(pristine, await FirewallHosts.DumpAsync(host, kind));
        Assert.Empty((await firewall.RemoveAsync(Request(), [], Stop)).Commands);
    }

    [Fact]
    public async Task Rules_limited_to_the_nodes_open_to_the_nodes()
    {
        await using var host = await FirewallHosts.FilteringAsync(kind);
        var firewall = new HostFirewall(host);
        var pristine = await FirewallHosts.DumpAsync(host, kind);
        string[] nodes = ["10.0.1.0/24", "fd00::1"];
        var added = await firewall.AddAsync(Request(["8080/tcp"], nodes), Stop);
        Assert.All(added.Rules, r => Assert.Equal((FirewallRuleState.Open, FirewallOpener.Swarm), (r.State, r.OpenedBy)));
        Assert.Empty((await firewall.AddAsync(Request(["8080/tcp"], nodes), Stop)).Commands);
        // A node of that network needs nothing more; a stranger gets only the published port.
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
        Assert.Equal(pristine, await FirewallHosts.DumpAsync(host, kind));
    }

    [Fact]
    public async Task A_rule_of_the_administrator_that_opens_a_port_is_enough_and_stays()
    {
        await using var host = await FirewallHosts.FilteringAsync(kind);
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
        var pristine = await FirewallHosts.DumpAsync(host, kind);
        var firewall = new HostFirewall(host);
        Assert.Equal(FirewallOpener.Administrator, (await firewall.GetAsync(Request(), Stop)).Rules[0].OpenedBy);
        var added = await firewall.AddAsync(Request(), Stop);
        Assert.Equal(
            [FirewallOpener.Administrator, FirewallOpener.Swarm, FirewallOpener.Swarm, FirewallOpener.Swarm],
            added.Rules.Select(r => r.OpenedBy)
        );
        await firewall.RemoveAsync(Request(), [], Stop);
        Assert.Equal(pristine, await FirewallHosts.DumpAsync(host, kind));
    }

    [Fact]
    public async Task A_rule_of_the_administrator_that_closes_a_port_is_not_overruled()
    {
        await using var host = await FirewallHosts.FilteringAsync(kind);
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
        var pristine = await FirewallHosts.DumpAsync(host, kind);
        var firewall = new HostFirewall(host);
        Assert.Equal(
            [FirewallRuleState.Closed, FirewallRuleState.Closed, FirewallRuleState.Blocked, FirewallRuleState.Closed],
            (await firewall.GetAsync(Request(), Stop)).Rules.Select(r => r.State)
        );
        var refused = await Assert.ThrowsAsync<HostException>(() => firewall.AddAsync(Request(), Stop));
        Assert.Equal(("PortClosedByAdministrator", "7946/udp"), (refused.ErrorId, refused.Target));
        Assert.Contains("Nothing was changed", refused.Message, StringComparison.Ordinal);
        Assert.Equal(pristine, await FirewallHosts.DumpAsync(host, kind));
    }

    [Fact]
    public async Task A_failure_half_way_is_rolled_back_and_said()
    {
        await using var host = await FirewallHosts.FilteringAsync(kind);
        var firewall = new HostFirewall(host);
        var pristine = await FirewallHosts.DumpAsync(host, kind);
        // The last command that changes something.
        var last = (await firewall.AddAsync(Request() with { DryRun = true }, Stop)).Commands[^1];
        host.Fault = command => command.ToString() == last ? new ToolResult(1, "", "no space left on device") : null;
        var failed = await Assert.ThrowsAsync<HostException>(() => firewall.AddAsync(Request(), Stop));
        Assert.Equal("FirewallChangeFailed", failed.ErrorId);
        Assert.Contains("no space left on device", failed.Message, StringComparison.Ordinal);
        Assert.Contains("rolled back", failed.Message, StringComparison.Ordinal);
        Assert.Equal(pristine, await FirewallHosts.DumpAsync(host, kind));
    }
}

public sealed class FirewalldTests() : FirewallContract(FirewallProviderKind.Firewalld);

public sealed class UfwTests() : FirewallContract(FirewallProviderKind.Ufw);

public sealed class NftablesTests() : FirewallContract(FirewallProviderKind.Nftables);

public sealed class IptablesTests() : FirewallContract(FirewallProviderKind.Iptables);
