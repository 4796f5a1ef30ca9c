using Swarm.Core.Allocation;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Tests.Orchestration;

namespace Swarm.Core.Tests.Allocation;

public sealed class NodeNumberTests
{
    [Fact]
    public void Nodes_without_a_number_get_one()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Apply(New("old1"), New("old2", number: 2));
        Assert.True(swarm.Loop.HasWork);
        swarm.Apply(swarm.Loop.Plan());
        Assert.Equal(
            [("node1", 1u), ("node2", 2u), ("old1", 3u), ("old2", 4u)],
            swarm.State.Nodes.Select(static n => (n.Id, n.Number)).Order()
        );
        Assert.Empty(swarm.Loop.Plan());
        Assert.False(swarm.Loop.HasWork);
    }

    [Fact]
    public void A_node_too_many_gets_a_number_when_another_one_is_removed()
    {
        var swarm = new TestSwarm();
        swarm.Apply([.. Enumerable.Range(0, NetworkPools.NodeCount + 1).Select(static i => New($"n{i:d4}"))]);
        swarm.Apply(swarm.Loop.Plan());
        Assert.Equal(["n1022"], swarm.State.Nodes.Where(static n => n.Number == 0).Select(static n => n.Id));
        Assert.False(swarm.Loop.HasWork);
        swarm.Apply(new StateChange.NodeRemove("n0007"));
        swarm.Apply(swarm.Loop.Plan());
        Assert.Equal(8u, swarm.State.FindNode("n1022")!.Number);
    }

    [Fact]
    public void A_preview_gives_no_numbers()
    {
        var swarm = new TestSwarm();
        swarm.Apply(New("a"));
        var loop = new Core.Orchestration.ControlLoop(swarm.State.Fork(), swarm.Time, Core.Identity.IdSource.Seeded(1));
        Assert.Empty(loop.Plan());
    }

    private static StateChange.NodeCreate New(string id, uint number = 0) =>
        new(
            new Node
            {
                Id = id,
                Number = number,
                CreatedAt = DateTimeOffset.UnixEpoch,
                UpdatedAt = DateTimeOffset.UnixEpoch,
            }
        );
}
