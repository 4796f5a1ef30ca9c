using Swarm.Host.Firewall;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Firewall;

/// <summary>Windows Firewall does not run here; its commands are compared with the recorded ones.</summary>
public sealed class WindowsFirewallTests
{
    private const string Profiles = """{"Allowing":0,"Profiles":3}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static RecordedSystem Windows(params string[] rules)
    {
        var system = new RecordedSystem { IsWindows = true, Programs = { "powershell.exe" } };
        system.Answers["powershell.exe -NoProfile -NonInteractive -Command '$ErrorActionPreference"] = new ToolResult(
            0,
            string.Join("\r\n", [Profiles, .. rules]),
            ""
        );
        return system;
    }

    private static string Rule(string action, string protocol, string port, string remote = "Any", string group = "") =>
        $$"""{"Name":"r-{{port}}","Group":"{{group}}","Action":"{{action}}","Protocol":"{{protocol}}","Ports":["{{port}}"],"Remote":["{{remote}}"]}""";

    [Fact]
    public async Task Rules_are_added_with_the_recorded_calls()
    {
        var system = Windows(Rule("Allow", "TCP", "7946"));
        var report = await new HostFirewall(system).AddAsync(FirewallHosts.Request(sources: ["10.0.0.0/24"]) with { DryRun = true }, Stop);
        Assert.Equal(RecordedCommands.Of("Windows Firewall: add"), string.Join('\n', report.Commands));
        Assert.Equal(FirewallOpener.Administrator, report.Rules[1].OpenedBy);
    }

    [Fact]
    public async Task Only_the_group_Swarm_is_removed()
    {
        var system = Windows(
            Rule("Allow", "TCP", "2377", group: "Swarm"),
            Rule("Allow", "UDP", "7946"),
            Rule("Allow", "UDP", "4789", "10.0.0.0/255.255.255.0", "Swarm")
        );
        var report = await new HostFirewall(system).RemoveAsync(FirewallHosts.Request() with { DryRun = true }, [], Stop);
        Assert.Equal(RecordedCommands.Of("Windows Firewall: remove"), string.Join('\n', report.Commands));
    }

    [Fact]
    public async Task A_block_rule_goes_before_an_allow_rule()
    {
        var system = Windows(Rule("Allow", "TCP", "2377"), Rule("Block", "TCP", "2377"));
        var refused = await Assert.ThrowsAsync<HostException>(() => new HostFirewall(system).AddAsync(FirewallHosts.Request(), Stop));
        Assert.Equal(("PortClosedByAdministrator", "2377/tcp"), (refused.ErrorId, refused.Target));
        Assert.DoesNotContain(system.Ran, c => c.Contains("New-NetFirewallRule", StringComparison.Ordinal));
    }

    /// <summary>The exact reading command: it was written by the documentation of NetSecurity.</summary>
    [Fact]
    public async Task Rules_are_read_with_the_recorded_call()
    {
        var system = Windows();
        await new HostFirewall(system).GetAsync(FirewallHosts.Request(), Stop);
        var script = RecordedCommands.Of("Windows Firewall: read");
        Assert.Equal(
            $"powershell.exe -NoProfile -NonInteractive -Command '{script.Replace("'", "'\\''", StringComparison.Ordinal)}'",
            Assert.Single(system.Ran)
        );
    }

    [Theory]
    // NetSecurity's answers for ranges, lists, keywords and networks.
    [InlineData("TCP", """["7900-8000"]""", """["Any"]""", FirewallRuleState.Open)]
    [InlineData("TCP", """["80","7946"]""", """["Any"]""", FirewallRuleState.Open)]
    [InlineData("Any", """["Any"]""", """["Any"]""", FirewallRuleState.Open)]
    [InlineData("TCP", """["RPC"]""", """["Any"]""", FirewallRuleState.Closed)]
    [InlineData("TCP", """["7946"]""", """["LocalSubnet"]""", FirewallRuleState.Closed)]
    [InlineData("TCP", """["7946"]""", """["10.0.0.0/255.255.255.0"]""", FirewallRuleState.Closed)]
    [InlineData("UDP", """["7946"]""", """["Any"]""", FirewallRuleState.Closed)]
    [InlineData("1", """["Any"]""", """["Any"]""", FirewallRuleState.Closed)]
    public async Task A_rule_opens_7946_tcp_to_everybody_or_not(string protocol, string ports, string remote, FirewallRuleState state)
    {
        var system = Windows(
            $$"""{"Name":"r","Group":"","Action":"Allow","Protocol":"{{protocol}}","Ports":{{ports}},"Remote":{{remote}}}"""
        );
        var report = await new HostFirewall(system).GetAsync(FirewallHosts.Request(), Stop);
        Assert.Equal(state, report.Rules.Single(static r => r.Rule.Port == SwarmPorts.NodesTcp).State);
    }
}
