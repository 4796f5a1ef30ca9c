using Swarm.Core.Constraints;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Tests.Scheduling;

namespace Swarm.Core.Tests.State;

public sealed class NodeNamesTests
{
    private readonly SwarmFixture _swarm = new();

    private ClusterState State => _swarm.State;

    [Fact]
    public void A_newcomer_of_the_same_host_name_gets_a_suffix_also_while_the_other_is_down()
    {
        Join("a", "w1");
        _swarm.SetNode("a", NodeState.Down);
        Join("b", "W1");
        Join("c", "w1");
        Join("d", "w1-2");
        Assert.Equal(["w1", "W1-2", "w1-3", "w1-2-2"], Names("a", "b", "c", "d"));
        var constraint = Constraint.Parse("node.hostname==w1");
        Assert.Equal(["a"], State.Nodes.Where(constraint.Matches).Select(n => n.Id));
        Assert.Null(NodeNames.Notice(State.FindNode("a")!));
        Assert.Equal("its host name w1 is the name of another node, so its name is w1-3", NodeNames.Notice(State.FindNode("c")!));
    }

    [Fact]
    public void A_name_is_free_again_when_its_node_is_removed_and_not_before()
    {
        Join("a", "w1");
        Join("b", "w1");
        _swarm.Apply(new StateChange.NodeRemove("a"));
        Report("b", "w1");
        Assert.Equal("w1-2", State.FindNode("b")!.Name);
        Join("c", "w1");
        Assert.Equal("w1", State.FindNode("c")!.Name);
    }

    [Fact]
    public void A_node_that_returns_keeps_its_name()
    {
        Join("a", "w1");
        Join("b", "w1");
        Report("b", "w1");
        Report("a", "w1");
        Assert.Equal(["w1", "w1-2"], Names("a", "b"));
    }

    [Fact]
    public void Another_host_name_is_another_name_and_the_former_one_stays_reserved()
    {
        Join("a", "w1");
        Join("b", "w2");
        Report("b", "w1");
        Assert.Equal(["w1", "w1-2"], Names("a", "b"));
        Report("a", "w9");
        Assert.Equal("w9", State.FindNode("a")!.Name);
        // Nobody takes over what was asked of w1 or w2.
        Join("c", "w1");
        Join("d", "w2");
        Assert.Equal(["w1-3", "w2-2"], Names("c", "d"));
        Report("a", "w1");
        Assert.Equal("w1", State.FindNode("a")!.Name);
    }

    [Fact]
    public void A_node_cannot_take_one_name_after_another()
    {
        Join("a", "w1");
        foreach (var number in Enumerable.Range(2, 20))
        {
            Report("a", $"w{number}");
        }
        Assert.Equal("w4", State.FindNode("a")!.Name);
        Assert.Equal("w21", State.FindNode("a")!.Description.Hostname);
        Assert.Contains("changed its name too often", NodeNames.Notice(State.FindNode("a")!), StringComparison.Ordinal);
        Join("b", "w5");
        Assert.Equal("w5", State.FindNode("b")!.Name);
    }

    [Fact]
    public void The_id_of_another_node_is_no_name()
    {
        Join("a", "w1");
        Join("b", "a");
        Assert.Equal("a-2", State.FindNode("b")!.Name);
    }

    [Fact]
    public void A_node_without_a_host_name_gets_one_with_its_first_report()
    {
        Join("a", "");
        Assert.Equal("a", State.FindNode("a")!.Name);
        Report("a", "w1");
        Assert.Equal(("w1", 0), (State.FindNode("a")!.Name, State.FindNode("a")!.FormerNames.Count));
    }

    [Fact]
    public void In_the_state_of_an_earlier_version_the_oldest_of_a_host_name_keeps_it()
    {
        var old = _swarm.AddNode("z");
        _swarm.Now += TimeSpan.FromMinutes(1);
        _swarm.AddNode("b");
        _swarm.Apply(new StateChange.NodeDescriptionSet("b", old.Description, _swarm.Now));
        Assert.Equal(State.FindNode("z")!.Name, State.FindNode("b")!.Name);
        // The younger one comes back first.
        Report("b", "host-z");
        Report("z", "host-z");
        Assert.Equal(["host-z", "host-z-2"], Names("z", "b"));
    }

    [Fact]
    public void A_long_host_name_has_room_for_the_suffix()
    {
        var name = new string('w', NodeNames.Longest);
        Join("a", name);
        Join("b", name);
        Assert.Equal(NodeNames.Longest, State.FindNode("b")!.Name.Length);
        Assert.EndsWith("w-2", State.FindNode("b")!.Name, StringComparison.Ordinal);
    }

    /// <summary>The same log gives the same names, and two commands of one batch cannot give one name twice.</summary>
    [Fact]
    public void Two_that_want_one_name_do_not_share_a_batch()
    {
        var keys = new[] { "w1", "W1" }.Select(name =>
        {
            var set = new HashSet<string>();
            new StateChange.NodeCreate(New(name + "id", name, name)).AddKeys(set, State);
            return set;
        });
        Assert.True(keys.First().Overlaps(keys.Last()));
        var renamed = new HashSet<string>();
        new StateChange.NodeDescriptionSet("x", NodeDescription.Unknown, _swarm.Now, "w1").AddKeys(renamed, State);
        Assert.True(keys.First().Overlaps(renamed));
        Join("a", "w1");
        var removed = new HashSet<string>();
        new StateChange.NodeRemove("a").AddKeys(removed, State);
        Assert.True(keys.First().Overlaps(removed));
    }

    private string[] Names(params string[] ids) => [.. ids.Select(id => State.FindNode(id)!.Name)];

    private void Join(string id, string hostname) =>
        _swarm.Apply(new StateChange.NodeCreate(New(id, hostname, NodeNames.Claim(State, hostname))));

    private void Report(string id, string hostname)
    {
        var node = State.FindNode(id)!;
        var description = node.Description with { Hostname = hostname };
        _swarm.Apply(new StateChange.NodeDescriptionSet(id, description, _swarm.Now, NodeNames.Rename(State, node, hostname)));
    }

    private Node New(string id, string hostname, string name) =>
        new()
        {
            Id = id,
            CreatedAt = _swarm.Now,
            UpdatedAt = _swarm.Now,
            Description = NodeDescription.Unknown with { Hostname = hostname },
            GivenName = name,
        };
}
