using Swarm.Core.Model;

namespace Swarm.Core.Tests.Scheduling;

public sealed class SpreadTests
{
    private readonly SwarmFixture _swarm = new();

    [Fact]
    public void Tasks_of_a_service_spread_in_id_order()
    {
        _swarm.AddNode("c");
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        Assert.Equal("a b c a b", _swarm.Where(_swarm.Run(SwarmFixture.Spec("web"), 5)));
    }

    [Fact]
    public void Fewest_tasks_of_the_service_come_before_fewest_tasks()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        _swarm.Run(SwarmFixture.Spec("load", ["node.id==a"]), 3);
        var first = _swarm.Run(SwarmFixture.Spec("web"), 1);
        Assert.Equal("b", _swarm.Where(first));
        // b has one task of web and fewer in all; a has none of web.
        Assert.Equal("a", _swarm.NodeOf(AddAndSchedule("web", 2)));
        // Each node has one task of web; b has fewer in all.
        Assert.Equal("b", _swarm.NodeOf(AddAndSchedule("web", 3)));
    }

    [Fact]
    public void Services_of_one_task_go_to_the_node_with_fewest_tasks()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        _swarm.AddNode("c");
        var tasks = Enumerable.Range(0, 6).SelectMany(i => _swarm.Run(SwarmFixture.Spec("s" + i), 1)).ToArray();
        Assert.Equal("a b c a b c", _swarm.Where(tasks));
    }

    [Fact]
    public void Ended_and_ending_tasks_do_not_count()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        var tasks = _swarm.Run(SwarmFixture.Spec("web"), 3);
        Assert.Equal("a b a", _swarm.Where(tasks));
        _swarm.Observe(tasks[0], TaskState.Complete);
        _swarm.Apply(new Core.State.StateChange.TaskDesire(tasks[2], TaskState.Shutdown));
        Assert.Equal("a", _swarm.NodeOf(AddAndSchedule("web", 4)));
    }

    [Fact]
    public void Spread_preference_balances_label_values_before_nodes()
    {
        _swarm.AddNode("a", labels: "zone=east");
        _swarm.AddNode("b", labels: "zone=east");
        _swarm.AddNode("c", labels: "zone=east");
        _swarm.AddNode("d", labels: "zone=west");
        var tasks = _swarm.Run(SwarmFixture.Spec("web", spread: ["node.labels.zone"]), 6);
        Assert.Equal("a=1 b=1 c=1 d=3", _swarm.Counts("web"));
        Assert.Equal("a d b d c d", _swarm.Where(tasks));
    }

    [Fact]
    public void A_missing_label_is_a_branch_of_its_own()
    {
        _swarm.AddNode("a", labels: "zone=east");
        _swarm.AddNode("b", labels: "zone=east");
        _swarm.AddNode("c");
        _swarm.Run(SwarmFixture.Spec("web", spread: ["spread=node.labels.zone"]), 4);
        Assert.Equal("a=1 b=1 c=2", _swarm.Counts("web"));
    }

    [Fact]
    public void Spread_preferences_form_a_tree()
    {
        _swarm.AddNode("a", labels: "zone=east rack=1");
        _swarm.AddNode("b", labels: "zone=east rack=1");
        _swarm.AddNode("c", labels: "zone=east rack=2");
        _swarm.AddNode("d", labels: "zone=west rack=1");
        _swarm.Run(SwarmFixture.Spec("web", spread: ["node.labels.zone", "node.labels.rack"]), 8);
        Assert.Equal("a=1 b=1 c=2 d=4", _swarm.Counts("web"));
    }

    [Fact]
    public void A_full_branch_leaves_its_share_to_the_others()
    {
        _swarm.AddNode("a", nanoCpus: 1, labels: "zone=east");
        _swarm.AddNode("b", labels: "zone=west");
        _swarm.AddNode("c", labels: "zone=west");
        _swarm.Run(SwarmFixture.Spec("web", spread: ["node.labels.zone"], nanoCpus: 1), 5);
        Assert.Equal("a=1 b=2 c=2", _swarm.Counts("web"));
    }

    [Fact]
    public void A_changed_label_moves_the_node_to_another_branch()
    {
        _swarm.AddNode("a", labels: "zone=east");
        _swarm.AddNode("b", labels: "zone=east");
        _swarm.Run(SwarmFixture.Spec("web", spread: ["node.labels.zone"]), 1);
        _swarm.AddNode("c", labels: "zone=east");
        _swarm.SetNode("b", labels: "zone=west");
        _swarm.Run(SwarmFixture.Spec("other", spread: ["node.labels.zone"]), 4);
        Assert.Equal("a=1 b=2 c=1", _swarm.Counts("other"));
    }

    [Fact]
    public void A_node_on_which_the_revision_keeps_failing_comes_last_for_five_minutes()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        _swarm.Run(SwarmFixture.Spec("load", ["node.id==b"]), 9);
        _swarm.AddService(SwarmFixture.Spec("web"));
        for (uint i = 1; i <= 5; i++)
        {
            var failing = AddAndSchedule("web", i);
            Assert.Equal("a", _swarm.NodeOf(failing));
            _swarm.Observe(failing, TaskState.Failed);
        }
        Assert.Equal(5, _swarm.Scheduler.Explain(SwarmFixture.Spec("web"), "web").Single(p => p.Node.Id == "a").RecentFailures);
        var kept = AddAndSchedule("web", 6);
        Assert.Equal("b", _swarm.NodeOf(kept));
        // It comes last even though it has no task of the service; other services still use it.
        Assert.Equal("b", _swarm.NodeOf(AddAndSchedule("web", 7)));
        Assert.Equal("a", _swarm.Where(_swarm.Run(SwarmFixture.Spec("other"), 1)));

        _swarm.Now += TimeSpan.FromMinutes(5);
        Assert.Equal("b", _swarm.NodeOf(AddAndSchedule("web", 8)));
        _swarm.Now += TimeSpan.FromTicks(1);
        Assert.Equal("a", _swarm.NodeOf(AddAndSchedule("web", 9)));
    }

    [Fact]
    public void Explain_ranks_nodes_in_the_order_they_would_be_taken()
    {
        _swarm.AddNode("a", labels: "zone=east");
        _swarm.AddNode("b", labels: "zone=east");
        _swarm.AddNode("c", labels: "zone=west");
        _swarm.AddNode("d", labels: "zone=west");
        _swarm.Run(SwarmFixture.Spec("load", ["node.id==a"]), 1);
        var spec = SwarmFixture.Spec("web", spread: ["node.labels.zone"]);
        Assert.Equal(["b", "c", "d", "a"], _swarm.Scheduler.Explain(spec, null).Select(p => p.Node.Id));
        Assert.Equal("b c d a", _swarm.Where(_swarm.Run(spec, 4)));
    }

    private string AddAndSchedule(string service, uint slot)
    {
        var task = _swarm.AddTask(service, slot);
        _swarm.Schedule();
        return task;
    }
}
