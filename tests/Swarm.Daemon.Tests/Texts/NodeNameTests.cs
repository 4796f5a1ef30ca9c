using Swarm.Daemon.Tests.Hosting;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Texts;

/// <summary>Names of nodes, over the real socket and the real cluster port.</summary>
public sealed class NodeNameTests
{
    [Fact]
    public async Task A_newcomer_of_the_same_host_name_gets_another_name_and_is_told()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var first = await TestDaemon.StartAsync("w1");
        var owner = await first.JoinAsync(manager);
        Assert.Empty(owner.Warnings);
        await manager.NodesAsync(n => n.Any(x => x.Id == owner.NodeId && x.State == V1.NodeState.Ready));
        await first.StopAsync();
        await using var second = await TestDaemon.StartAsync("w1");
        var newcomer = await second.JoinAsync(manager);
        Assert.Equal("This node: its host name w1 is the name of another node, so its name is w1-2.", Assert.Single(newcomer.Warnings));
        var nodes = await manager.NodesAsync(n => n.Any(x => x.Id == newcomer.NodeId && x.State == V1.NodeState.Ready));
        Assert.Equal("w1", nodes.Single(n => n.Id == owner.NodeId).Name);
        var shown = nodes.Single(n => n.Id == newcomer.NodeId);
        Assert.Equal(("w1-2", "w1"), (shown.Name, shown.Description.Hostname));
        Assert.Equal("its host name w1 is the name of another node, so its name is w1-2", shown.StateMessage);
        // It is written after the state has the name.
        await Deadline.UntilAsync(
            () => manager.Log.Contains("so its name is w1-2", StringComparison.Ordinal),
            "a line about the other name"
        );
        // Back, each has its own.
        await first.StartAsync();
        await second.RestartAsync();
        nodes = await manager.NodesAsync(n => n.Count(x => x.State == V1.NodeState.Ready && x.StateMessage != "restarting") == 3);
        Assert.Equal(["w1", "w1-2"], nodes.Where(n => n.Name != "manager1").Select(n => n.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_node_that_takes_another_host_name_does_not_take_the_others_name()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var first = await TestDaemon.StartAsync("w1");
        await first.JoinAsync(manager);
        await using var second = await TestDaemon.StartAsync("w2");
        var other = await second.JoinAsync(manager);
        await second.StopAsync();
        second.Options = second.Options with { Hostname = "w1" };
        await second.StartAsync();
        var nodes = await manager.NodesAsync(n => n.Any(x => x.Id == other.NodeId && x.Description.Hostname == "w1"));
        Assert.Equal("w1-2", nodes.Single(n => n.Id == other.NodeId).Name);
        // It is written after the state has the name.
        await Deadline.UntilAsync(
            () => manager.Log.Contains("so its name is w1-2", StringComparison.Ordinal),
            "a line about the other name"
        );
    }

    [Fact]
    public async Task A_host_name_with_a_control_character_does_not_join()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("w1\e[31m");
        var refused = await TestDaemon.RefusedAsync("InvalidText", () => worker.JoinAsync(manager));
        Assert.Contains(@"w1\e[31m", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Single(await manager.NodesAsync());
        worker.Options = worker.Options with { Hostname = new string('w', 5_000) };
        await worker.RestartAsync();
        await worker.JoinAsync(manager);
        Assert.All(await manager.NodesAsync(n => n.Count == 2), n => Assert.InRange(n.Name.Length, 1, 253));
    }
}
