using Swarm.Host.Firewall;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Firewall;

/// <summary>Refusals and their messages; none of them changes anything.</summary>
public sealed class FirewallFaultTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<HostException> RefusedAsync(IHostSystem system, FirewallProviderKind? provider = null) =>
        await Assert.ThrowsAsync<HostException>(() => new HostFirewall(system).AddAsync(FirewallHosts.Request(provider: provider), Stop));

    [Fact]
    public async Task Not_root()
    {
        var system = new RecordedSystem { IsAdministrator = false, Programs = { "ufw" } };
        Assert.Equal("NotAdministrator", (await RefusedAsync(system)).ErrorId);
        Assert.Empty(system.Ran);
    }

    [Fact]
    public async Task A_tool_that_is_missing()
    {
        var system = new RecordedSystem { Programs = { "iptables" } };
        var refused = await RefusedAsync(system, FirewallProviderKind.Firewalld);
        Assert.Equal(("FirewallNotFound", "firewalld"), (refused.ErrorId, refused.Target));
        Assert.Contains("there is iptables", refused.Action, StringComparison.Ordinal);
        Assert.Equal("FirewallNotFound", (await RefusedAsync(system, FirewallProviderKind.Windows)).ErrorId);
        Assert.Empty(system.Ran);
    }

    [Fact]
    public async Task A_provider_that_there_is_not()
    {
        var refused = await RefusedAsync(new RecordedSystem(), (FirewallProviderKind)77);
        Assert.Equal(("UnknownFirewallProvider", "77"), (refused.ErrorId, refused.Target));
    }

    [Fact]
    public async Task No_firewall_at_all_is_open_and_said()
    {
        var report = await new HostFirewall(new RecordedSystem()).AddAsync(FirewallHosts.Request(), Stop);
        Assert.Equal(FirewallProviderKind.None, report.Provider);
        Assert.All(report.Rules, r => Assert.Equal((FirewallRuleState.Open, FirewallOpener.Default), (r.State, r.OpenedBy)));
        Assert.Single(report.Warnings);
    }

    [Fact]
    public async Task A_firewalld_that_does_not_run()
    {
        await using var host = await NamespaceHost.StartAsync("firewall-cmd");
        Assert.Equal("FirewallNotRunning", (await RefusedAsync(host, FirewallProviderKind.Firewalld)).ErrorId);
    }

    [Fact]
    public async Task A_zone_that_there_is_not()
    {
        await using var host = await FirewallHosts.FilteringAsync(FirewallProviderKind.Firewalld);
        var refused = await Assert.ThrowsAsync<HostException>(() =>
            new HostFirewall(host).AddAsync(FirewallHosts.Request() with { Zone = "nowhere" }, Stop)
        );
        Assert.Equal(("FirewallZoneNotFound", "nowhere"), (refused.ErrorId, refused.Target));
        Assert.Contains("public", refused.Action, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Firewalld_and_ufw_both_active_are_not_guessed_between_but_can_be_named()
    {
        await using var host = await FirewallHosts.FilteringAsync(FirewallProviderKind.Firewalld);
        await host.ShellAsync("ufw --force enable");
        var refused = await RefusedAsync(host);
        Assert.Equal("FirewallAmbiguous", refused.ErrorId);
        Assert.Contains("firewalld and ufw", refused.Message, StringComparison.Ordinal);
        var named = await new HostFirewall(host).AddAsync(FirewallHosts.Request(provider: FirewallProviderKind.Ufw), Stop);
        Assert.Equal(FirewallProviderKind.Ufw, named.Provider);
        Assert.All(named.Rules, r => Assert.Equal(FirewallRuleState.Open, r.State));
    }

    [Fact]
    public async Task An_inactive_ufw_keeps_the_rules_for_when_it_is_enabled()
    {
        await using var host = await NamespaceHost.StartAsync("ufw");
        var report = await new HostFirewall(host).AddAsync(FirewallHosts.Request(provider: FirewallProviderKind.Ufw), Stop);
        Assert.Contains("inactive", Assert.Single(report.Warnings), StringComparison.Ordinal);
        await host.ShellAsync("ufw --force enable");
        Assert.All(
            (await new HostFirewall(host).GetAsync(FirewallHosts.Request(), Stop)).Rules,
            r => Assert.Equal(FirewallOpener.Swarm, r.OpenedBy)
        );
    }

    [Fact]
    public async Task A_rule_of_firewalld_that_is_set_for_now_only_survives()
    {
        await using var host = await FirewallHosts.FilteringAsync(FirewallProviderKind.Firewalld);
        await host.ShellAsync("firewall-cmd --zone=public --add-port=5000/tcp");
        var report = await new HostFirewall(host).AddAsync(FirewallHosts.Request(), Stop);
        Assert.All(report.Rules, r => Assert.Equal((FirewallRuleState.Open, true), (r.State, r.Permanent)));
        Assert.DoesNotContain("firewall-cmd --reload", report.Commands);
        Assert.Equal("yes", (await host.ShellAsync("firewall-cmd --zone=public --query-port=5000/tcp")).Trim());
    }

    [Fact]
    public async Task A_step_that_cannot_be_undone_is_named()
    {
        await using var host = await FirewallHosts.FilteringAsync(FirewallProviderKind.Ufw);
        host.Fault = command =>
            command.ToString().Contains("4789", StringComparison.Ordinal) || command.ToString() == "ufw delete allow 2377/tcp"
                ? new ToolResult(1, "", "ERROR: disk full")
                : null;
        var failed = await RefusedAsync(host);
        Assert.Equal("FirewallChangeFailed", failed.ErrorId);
        Assert.Contains("2 steps before it were rolled back; 1 could not be: ufw allow 2377/tcp", failed.Message, StringComparison.Ordinal);
        Assert.Contains("by hand", failed.Action, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ban_of_one_address_does_not_close_a_port_and_catch_all_rules_are_passed()
    {
        await using var host = await FirewallHosts.FilteringAsync(FirewallProviderKind.Ufw);
        await host.ShellAsync("ufw deny from 10.9.9.9 to any port 2377 proto tcp; ufw deny from any to any");
        var report = await new HostFirewall(host).AddAsync(FirewallHosts.Request(), Stop);
        Assert.All(report.Rules, r => Assert.Equal(FirewallRuleState.Open, r.State));
    }

    [Fact]
    public async Task Firewalld_with_its_iptables_backend_is_one_firewall()
    {
        await using var host = await NamespaceHost.StartAsync("firewall-cmd", "dbus-daemon", "iptables");
        await host.ShellAsync("sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/' /etc/firewalld/firewalld.conf");
        await host.StartFirewalldAsync();
        Assert.Contains("-A IN_public ", await host.ShellAsync("iptables -S"), StringComparison.Ordinal);
        var report = await new HostFirewall(host).AddAsync(FirewallHosts.Request(sources: ["10.0.0.0/24"]), Stop);
        Assert.Equal(FirewallProviderKind.Firewalld, report.Provider);
        Assert.All(report.Rules, static r => Assert.Equal((FirewallRuleState.Open, true), (r.State, r.Permanent)));
        Assert.Contains(
            "-A IN_public_allow -s 10.0.0.0/24 -p tcp -m tcp --dport 2377 ",
            await host.ShellAsync("iptables -S"),
            StringComparison.Ordinal
        );
        await new HostFirewall(host).RemoveAsync(FirewallHosts.Request(), [], Stop);
        Assert.DoesNotContain("2377", await host.ShellAsync("iptables -S"), StringComparison.Ordinal);
    }
}
