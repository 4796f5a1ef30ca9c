using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

/// <summary>Host commands of several nodes run at the same time; their answers come in the order of the nodes.</summary>
public sealed class HostOverlapTests
{
    [Theory]
    [InlineData("Get-SwarmNode | Get-SwarmFirewallRule")]
    [InlineData("Get-SwarmFirewallRule manager1,worker1,worker2")]
    [InlineData("Get-SwarmFirewallRule *")]
    [InlineData("Get-SwarmNode | Add-SwarmFirewallRule")]
    [InlineData("Get-SwarmNode | Remove-SwarmFirewallRule -Force -PassThru")]
    [InlineData("Get-SwarmNode | Test-SwarmFirewallRule")]
    [InlineData("Get-SwarmNode | Test-SwarmHost")]
    public async ValueTask Nodes_are_asked_at_the_same_time_and_shown_in_their_order(string script)
    {
        await using var shell = await Shell.StartAsync();
        var barrier = new Rendezvous(shell.Fake.Nodes.Count);
        // The last one is answered first.
        shell.Fake.DuringHostCommand = async (request, _) =>
        {
            await barrier.ArriveAsync("the commands of all three nodes to be under way");
            await barrier.PassAsync(request.Selector, ["node2id", "node1id", "node0id"]);
        };
        var nodes = shell.Run(script).ThrowIfFailed().Output.Select(o => $"{o.Properties["Node"].Value}");
        Assert.Equal(["manager1", "worker1", "worker2"], nodes);
    }

    [Fact]
    public async ValueTask No_more_than_sixteen_nodes_are_asked_at_once()
    {
        await using var shell = await Shell.StartAsync();
        for (var i = 3; i < 40; i++)
        {
            var node = shell.Fake.Nodes[1].Clone();
            (node.Id, node.Name) = ($"node{i}id", $"worker{i}");
            shell.Fake.Nodes.Add(node);
        }
        var barrier = new Rendezvous(16);
        var (running, most) = (0, 0);
        var gate = new Lock();
        shell.Fake.DuringHostCommand = async (_, _) =>
        {
            lock (gate)
            {
                most = Math.Max(most, ++running);
            }
            await barrier.ArriveAsync("sixteen commands to be under way");
            lock (gate)
            {
                running--;
            }
        };
        Assert.Equal(40, shell.Run("Get-SwarmFirewallRule *").ThrowIfFailed().Output.Count);
        Assert.Equal(16, most);
    }

    [Fact]
    public async ValueTask Errors_come_in_the_order_of_the_nodes_and_the_others_go_on()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Disconnected.Add("manager1");
        shell.Fake.Disconnected.Add("worker2");
        var result = shell.Run("Get-SwarmNode | Get-SwarmFirewallRule -ErrorVariable all -ErrorAction SilentlyContinue; $all");
        Assert.Equal(
            ["worker1", "manager1", "worker2"],
            result.Output.Select(o => o.BaseObject is FirewallRule rule ? rule.Node : $"{((ErrorRecord)o.BaseObject).TargetObject}")
        );
    }

    [Fact]
    public async ValueTask Ctrl_C_ends_all_of_them()
    {
        await using var shell = await Shell.StartAsync();
        var begun = new Rendezvous(3);
        var ended = new Rendezvous(3);
        shell.Fake.DuringHostCommand = async (_, cancellation) =>
        {
            await begun.ArriveAsync("the commands of all three nodes to be under way");
            try
            {
                await AsyncTask.Delay(Timeout.Infinite, cancellation);
            }
            catch (OperationCanceledException)
            {
                await ended.ArriveAsync("the commands of all three nodes to be cancelled");
                throw;
            }
        };
        using var output = new PSDataCollection<PSObject>();
        using var running = shell.Begin("Get-SwarmNode | Get-SwarmFirewallRule", output);
        await begun.AllAsync("the commands of all three nodes to be under way");
        running.Stop();
        await ended.AllAsync("the commands of all three nodes to be cancelled");
        Assert.Empty(output);
    }
}
