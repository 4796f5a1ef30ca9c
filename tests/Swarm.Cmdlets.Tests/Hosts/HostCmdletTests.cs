using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class HostCmdletTests
{
    [Fact]
    public async ValueTask Every_node_is_asked_for_what_its_role_needs()
    {
        await using var shell = await Shell.StartAsync();
        var rules = shell
            .Run("Get-SwarmNode | Add-SwarmFirewallRule -Port 80:8080/tcp, 9000-9010/udp -RemoteAddress 10.0.0.0/24")
            .As<FirewallRule>();
        Assert.Equal(["manager1", "worker1", "worker2"], rules.Select(r => r.Node));
        Assert.All(
            rules,
            r => Assert.Equal((FirewallRuleState.Open, FirewallOpener.Swarm, FirewallProvider.Ufw), (r.State, r.OpenedBy, r.Provider))
        );
        // They are asked at the same time.
        var requests = shell.Fake.All<V1.RunHostCommandRequest>().OrderBy(r => r.Selector, StringComparer.Ordinal).ToList();
        Assert.Equal(["node0id", "node1id", "node2id"], requests.Select(r => r.Selector));
        var commands = requests.Select(r => r.Command.Firewall).ToList();
        Assert.Equal([true, false, false], commands.Select(c => c.Manager));
        Assert.All(commands, c => Assert.Equal(["80/tcp", "9000-9010/udp", "10.0.0.0/24"], c.Ports.Concat(c.Sources)));
    }

    [Fact]
    public async ValueTask A_node_without_swarmd_is_an_error_of_its_own()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Disconnected.Add("worker1");
        var result = shell.Run("Get-SwarmNode | Get-SwarmFirewallRule");
        Assert.Equal(["manager1", "worker2"], result.Output.Select(o => ((FirewallRule)o.BaseObject).Node));
        Assert.StartsWith("NodeNotConnected,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("worker1", result.Error.TargetObject);
    }

    [Fact]
    public async ValueTask WhatIf_asks_for_the_commands_and_shows_them()
    {
        await using var shell = await Shell.StartAsync();
        var result = shell.Run("Remove-SwarmFirewallRule worker1 -WhatIf").ThrowIfFailed();
        Assert.Empty(result.Output);
        Assert.Equal(["ufw allow 2377/tcp"], result.Information.Where(i => i.Tags.Contains("SwarmPlan")).Select(i => $"{i.MessageData}"));
        Assert.Contains("worker1 (Ufw)", shell.Screen, StringComparison.Ordinal);
        Assert.True(Assert.Single(shell.Fake.Requests.OfType<V1.RunHostCommandRequest>()).Command.Firewall.DryRun);
    }

    [Fact]
    public async ValueTask Tests_and_checks_answer_per_node()
    {
        await using var shell = await Shell.StartAsync();
        Assert.False(shell.Run("Get-SwarmNode | Test-SwarmFirewallRule -Quiet").One<bool>());
        foreach (var node in shell.Fake.Nodes)
        {
            node.Address = $"10.0.0.{shell.Fake.Nodes.IndexOf(node) + 1}";
        }
        var check = shell.Run("Get-SwarmNode worker1 | Test-SwarmHost").As<HostCheck>().First();
        Assert.Equal(("worker1", HostCheckStatus.Failed, "Install-SwarmEngine"), (check.Node, check.Status, check.Remedy));
        var asked = shell.Fake.Requests.OfType<V1.RunHostCommandRequest>().Single(r => r.Command.Check is not null).Command.Check;
        Assert.Equal(["10.0.0.1", "10.0.0.3"], asked.Peers.Select(p => p.Host));
        Assert.Equal([true, false], asked.Peers.Select(p => p.Manager));
        Assert.Equal(
            ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
            shell.Run("Add-SwarmFirewallRule worker1 -SwarmOnly").One<FirewallRule>().RemoteAddress
        );
        shell.Run("Add-SwarmFirewallRule worker1 | Out-Default; Get-SwarmNode worker1 | Test-SwarmHost | Out-Default").ThrowIfFailed();
        Assert.Contains("OPENED BY", shell.Screen, StringComparison.Ordinal);
        Assert.Contains("REMEDY", shell.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Datagrams_of_a_node_are_listened_for_by_every_other()
    {
        await using var shell = await Shell.StartAsync();
        foreach (var node in shell.Fake.Nodes)
        {
            node.Address = node.Name == "manager1" ? "fd00::1" : $"10.0.0.{shell.Fake.Nodes.IndexOf(node) + 1}";
        }
        shell.Fake.Listening = new V1.ListenReport { Arrived = { 7946 } };
        var checks = shell.Run("Get-SwarmNode worker1 | Test-SwarmHost | Where-Object Name -like 'Port *'").As<HostCheck>();
        Assert.Equal(
            [
                "worker1 Port 7946/udp to fd00::1 Passed: a datagram arrived",
                "worker1 Port 4789/udp to fd00::1 Failed: the datagram did not arrive",
                "worker1 Port 7946/udp to 10.0.0.3 Passed: a datagram arrived",
                "worker1 Port 4789/udp to 10.0.0.3 Failed: the datagram did not arrive",
            ],
            checks.Select(c => $"{c.Node} {c.Name} {c.Status}: {c.Detail}")
        );
        Assert.Equal("Open 4789/udp on 10.0.0.3 (Add-SwarmFirewallRule there), and in firewalls on the way.", checks.Last().Remedy);
        var requests = shell.Fake.Requests.OfType<V1.RunHostCommandRequest>().ToList();
        var listening = requests.Where(r => r.Command.Listen is not null).ToList();
        var node3 = shell.Fake.Nodes.Single(n => n.Name == "worker2");
        Assert.Contains(listening, l => l.Selector == node3.Id && l.Command.Listen.Address == "10.0.0.3");
        Assert.Equal(2, listening.Count);
        // The payload distinguishes other hosts' datagrams.
        var payload = Assert.Single(listening.Select(l => l.Command.Listen.Payload).Distinct());
        var worker1 = shell.Fake.Nodes.Single(n => n.Name == "worker1");
        Assert.All(
            requests.Where(r => r.Command.Probe is not null),
            p => Assert.Equal((worker1.Id, payload), (p.Selector, p.Command.Probe.Payload))
        );
    }

    [Fact]
    public async ValueTask A_node_that_cannot_listen_is_said_and_one_in_use_is_no_failure()
    {
        await using var shell = await Shell.StartAsync();
        foreach (var node in shell.Fake.Nodes)
        {
            node.Address = $"10.0.0.{shell.Fake.Nodes.IndexOf(node) + 1}";
        }
        shell.Fake.Disconnected.Add("worker2");
        shell.Fake.Listening = new V1.ListenReport { Arrived = { 4789 }, InUse = { 7946 } };
        var checks = shell.Run("Get-SwarmNode worker1 | Test-SwarmHost | Where-Object Name -like 'Port *'").As<HostCheck>();
        Assert.Equal(
            [
                "Port 7946/udp to 10.0.0.1 Warning: in use on 10.0.0.1: it cannot be tried",
                "Port 4789/udp to 10.0.0.1 Passed: a datagram arrived",
                "Port 7946/udp to 10.0.0.3 Warning: not tried: The swarmd of node worker2 is not connected.",
                "Port 4789/udp to 10.0.0.3 Warning: not tried: The swarmd of node worker2 is not connected.",
            ],
            checks.Select(c => $"{c.Name} {c.Status}: {c.Detail}")
        );
    }

    [Fact]
    public async ValueTask An_unknown_provider_is_refused_with_the_known_ones()
    {
        await using var shell = await Shell.StartAsync();
        var refused = shell.Run("Get-SwarmFirewallRule worker1 -Provider pf").Error;
        Assert.Contains("Firewalld", refused.Exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "UnknownFirewallProvider,",
            shell.Run("Get-SwarmFirewallRule worker1 -Provider None").Error.FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.Equal(0, shell.Fake.Count<V1.RunHostCommandRequest>());
    }

    [Theory]
    [InlineData("8080", "8080/tcp")]
    [InlineData("80:8080/UDP", "80/udp")]
    [InlineData("127.0.0.1:80:80", "80/tcp")]
    [InlineData("[::1]:53:53/udp", "53/udp")]
    [InlineData("8000-8010:80-90", "8000-8010/tcp")]
    public void Docker_ports_are_read(string text, string port) => Assert.Equal(port, PublishedPortsAttribute.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("http")]
    [InlineData("0")]
    [InlineData("70000")]
    [InlineData("90-80")]
    [InlineData("80/sctp")]
    public void What_is_no_port_is_refused(string text) => Assert.Throws<FormatException>(() => PublishedPortsAttribute.Parse(text));
}
