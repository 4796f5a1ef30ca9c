using Swarm.Core.Model;
using Swarm.Core.Orchestration;

namespace Swarm.Core.Tests.Orchestration;

public class ServicePlannerTests
{
    private static TestSwarm Running(ulong replicas = 2, int nodes = 2)
    {
        var swarm = new TestSwarm(nodes);
        swarm.Create(TestSwarm.Spec("web", replicas));
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }

    private static (PlannedActionKind, string, string)[] Lines(IReadOnlyList<PlannedAction> actions) =>
        [.. actions.Select(a => (a.Action, a.TaskName, a.NodeId))];

    [Fact]
    public void Creating_says_where_each_task_would_go_and_changes_nothing()
    {
        var swarm = Running();
        var before = swarm.State.Capture();

        var actions = ServicePlanner.PreviewCreate(swarm.State, TestSwarm.Spec("db", 2), swarm.Now);

        Assert.Equal([(PlannedActionKind.Create, "db.1", "node1"), (PlannedActionKind.Create, "db.2", "node2")], Lines(actions));
        Assert.Equal(before.Tasks, swarm.State.Capture().Tasks);
        Assert.Equal(before.Services, swarm.State.Capture().Services);
        Assert.False(swarm.Loop.HasWork);
    }

    [Fact]
    public void A_task_that_no_node_takes_says_why()
    {
        var swarm = Running();
        var spec = TestSwarm.Spec("db") with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } };

        var action = Assert.Single(ServicePlanner.PreviewCreate(swarm.State, spec, swarm.Now));

        Assert.Equal((PlannedActionKind.Create, ""), (action.Action, action.NodeId));
        Assert.StartsWith("no suitable node: ", action.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Scaling_keeps_creates_and_removes()
    {
        var swarm = Running();

        var up = ServicePlanner.PreviewUpdate(
            swarm.State,
            swarm["web"],
            swarm["web"].Spec with
            {
                Mode = new ServiceMode.Replicated(3),
            },
            swarm.Now
        );
        Assert.Equal([PlannedActionKind.Keep, PlannedActionKind.Keep, PlannedActionKind.Create], up.Select(a => a.Action));

        var down = ServicePlanner.PreviewUpdate(
            swarm.State,
            swarm["web"],
            swarm["web"].Spec with
            {
                Mode = new ServiceMode.Replicated(1),
            },
            swarm.Now
        );
        Assert.Equal([(PlannedActionKind.Keep, "web.1"), (PlannedActionKind.Remove, "web.2")], down.Select(a => (a.Action, a.TaskName)));
        Assert.Equal(swarm.Slot("web", 2).Id, down[1].TaskId);
    }

    [Fact]
    public void A_new_image_stops_and_creates_in_every_slot()
    {
        var swarm = Running();
        var spec = swarm["web"].Spec;

        var actions = ServicePlanner.PreviewUpdate(
            swarm.State,
            swarm["web"],
            spec with
            {
                Container = spec.Container with { Image = "redis:2" },
            },
            swarm.Now
        );

        Assert.Equal(
            [
                (PlannedActionKind.Stop, "web.1"),
                (PlannedActionKind.Create, "web.1"),
                (PlannedActionKind.Stop, "web.2"),
                (PlannedActionKind.Create, "web.2"),
            ],
            actions.Select(a => (a.Action, a.TaskName))
        );
        Assert.All(actions, a => Assert.NotEqual("", a.NodeId));
    }

    [Fact]
    public void A_rollback_stops_and_creates_too()
    {
        var swarm = Running(replicas: 1);
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(6));

        var actions = ServicePlanner.PreviewRollback(swarm.State, swarm["web"], 0, swarm.Now);

        Assert.Equal([PlannedActionKind.Stop, PlannedActionKind.Create], actions.Select(a => a.Action));
    }

    [Fact]
    public void Removing_a_service_removes_its_tasks()
    {
        var swarm = Running();
        swarm.Create(TestSwarm.Spec("db"));
        swarm.Converge();

        var actions = ServicePlanner.PreviewRemove(swarm.State, swarm["web"].Id, swarm.Now);

        Assert.Equal(
            [(PlannedActionKind.Remove, "web.1"), (PlannedActionKind.Remove, "web.2")],
            actions.Select(a => (a.Action, a.TaskName))
        );
    }

    [Fact]
    public void Draining_moves_replicated_tasks_and_stops_global_ones()
    {
        var swarm = Running();
        swarm.Create(TestSwarm.GlobalSpec("agent"));
        swarm.Converge();

        var actions = ServicePlanner.PreviewNode(swarm.State, "node2", NodeAvailability.Drain, swarm.Now);

        Assert.Equal([(PlannedActionKind.Stop, "agent.node2", "node2"), (PlannedActionKind.Move, "web.2", "node1")], Lines(actions));
        Assert.Equal("from node2", actions[1].Detail);
    }

    [Fact]
    public void Removing_a_node_moves_its_tasks_and_pausing_it_keeps_them()
    {
        var swarm = Running();

        Assert.Equal(
            [(PlannedActionKind.Move, "web.2", "node1")],
            Lines(ServicePlanner.PreviewNode(swarm.State, "node2", null, swarm.Now))
        );
        Assert.Equal(
            [(PlannedActionKind.Keep, "web.2", "node2")],
            Lines(ServicePlanner.PreviewNode(swarm.State, "node2", NodeAvailability.Pause, swarm.Now))
        );
        Assert.Throws<ArgumentException>(() => ServicePlanner.PreviewNode(swarm.State, "node9", null, swarm.Now));
    }

    [Fact]
    public void Stopping_a_task_stops_it_and_creates_the_next()
    {
        var swarm = Running(nodes: 1);

        var actions = ServicePlanner.PreviewStop(swarm.State, swarm.Slot("web", 2).Id, swarm.Now);

        Assert.Equal([(PlannedActionKind.Stop, "web.2", "node1"), (PlannedActionKind.Create, "web.2", "node1")], Lines(actions));
    }

    [Fact]
    public void A_restart_that_is_under_way_is_not_the_changes_doing()
    {
        var swarm = Running(nodes: 1);
        swarm.Create(TestSwarm.Spec("db"));
        swarm.Converge();
        swarm.Fail(swarm.Slot("db", 1));

        var actions = ServicePlanner.PreviewRemove(swarm.State, swarm["web"].Id, swarm.Now);

        Assert.DoesNotContain(actions, a => a.TaskName.StartsWith("db", StringComparison.Ordinal));
    }
}
