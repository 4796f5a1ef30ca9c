using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

public class NodeLossTests
{
    [Fact]
    public void Tasks_of_a_node_that_is_down_start_elsewhere_at_once_in_their_slots()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 4));
        swarm.Converge();
        var lost = swarm.Running("web").Where(t => t.NodeId == "node2").ToList();
        Assert.Equal(2, lost.Count);

        swarm.SetState("node2", NodeState.Down);
        swarm.Converge();

        Assert.Equal([1u, 2u, 3u, 4u], swarm.Running("web").Select(t => t.Slot));
        Assert.All(swarm.Running("web"), t => Assert.Equal("node1", t.NodeId));
        Assert.All(
            lost,
            t =>
            {
                Assert.Equal(TaskState.Shutdown, swarm.Task(t.Id).DesiredState);
                Assert.Equal(TaskState.Running, swarm.Task(t.Id).Status.State);
            }
        );
        Assert.Equal(swarm.Start, swarm.Now);
    }

    [Fact]
    public void The_only_node_that_could_take_its_tasks_keeps_them_while_it_is_down()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 3));
        swarm.Converge();
        var before = swarm.Tasks("web").ConvertAll(t => t.Id);

        swarm.SetState("node1", NodeState.Down);
        swarm.Converge();

        Assert.Equal(before, swarm.Tasks("web").ConvertAll(t => t.Id));
        Assert.All(swarm.Tasks("web"), t => Assert.Equal(TaskState.Running, t.DesiredState));
        var progress = Convergence.OfService(swarm.State, swarm["web"].Id);
        Assert.Equal((0UL, false), (progress.Running, progress.Converged));
        Assert.Equal("0 of 3 tasks run: node node1 is down, and no other node can take its tasks", progress.Message);

        swarm.SetState("node1", NodeState.Ready);
        swarm.Converge();
        Assert.Equal(before, swarm.Running("web").ConvertAll(t => t.Id));
    }

    [Theory]
    [InlineData("joins")]
    [InlineData("returns")]
    [InlineData("is active again")]
    [InlineData("gets the label")]
    [InlineData("is planned for by another leader")]
    public void What_was_kept_on_a_node_that_is_down_moves_as_soon_as_another_can_take_it(string another)
    {
        var swarm = new TestSwarm();
        var east = ValueMap.Empty.With("zone", "east");
        swarm.AddNode("node1", east);
        if (another != "joins")
        {
            swarm.AddNode("node2", another == "gets the label" ? null : east);
        }
        swarm.SetAvailability("node1", NodeAvailability.Active);
        if (another is "returns")
        {
            swarm.SetState("node2", NodeState.Down);
        }
        else if (another is "is active again" or "is planned for by another leader")
        {
            swarm.SetAvailability("node2", NodeAvailability.Pause);
        }
        swarm.Create(TestSwarm.Spec("web", 2) with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        swarm.Converge();
        swarm.SetState("node1", NodeState.Down);
        swarm.Converge();
        Assert.All(swarm.Active("web"), t => Assert.Equal("node1", t.NodeId));

        switch (another)
        {
            case "joins":
                swarm.AddNode("node2", east);
                break;
            case "returns":
                swarm.SetState("node2", NodeState.Ready);
                break;
            case "gets the label":
                swarm.SetLabels("node2", east);
                break;
            case "is active again":
                swarm.SetAvailability("node2", NodeAvailability.Active);
                break;
            default:
                swarm.ChangeLeader();
                swarm.Converge();
                Assert.All(swarm.Active("web"), t => Assert.Equal("node1", t.NodeId));
                swarm.SetAvailability("node2", NodeAvailability.Active);
                break;
        }
        swarm.Converge();
        Assert.Equal(["node2", "node2"], swarm.Running("web").Select(t => t.NodeId));
    }

    [Fact]
    public void An_update_leaves_the_tasks_of_the_only_node_that_could_take_them_until_it_is_back()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 6) with { Update = UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) } });
        swarm.Converge();
        var before = swarm.Running("web").ConvertAll(t => t.Id);
        swarm.SetState("node1", NodeState.Down);
        swarm.Converge();

        swarm.SetImage("web", "redis:2");
        swarm.Advance(TimeSpan.FromHours(1));
        Assert.Equal(before, swarm.Active("web").ConvertAll(t => t.Id));

        swarm.SetState("node1", NodeState.Ready);
        swarm.Converge();
        Assert.Equal(5, swarm.Running("web").Count(t => t.Revision == 1));
        swarm.Advance(TimeSpan.FromHours(1));
        Assert.Equal(Enumerable.Repeat(2ul, 6), swarm.Running("web").Select(t => t.Revision));
    }

    [Theory]
    [InlineData(NodeAvailability.Drain, false)]
    [InlineData(NodeAvailability.Active, true)]
    public void A_node_that_was_drained_or_has_left_keeps_nothing(NodeAvailability availability, bool hasLeft)
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        swarm.SetAvailability("node1", availability);
        var status = swarm.State.FindNode("node1")!.Status with { State = NodeState.Down, HasLeft = hasLeft };
        swarm.Apply(new StateChange.NodeStatusSet("node1", status, swarm.Now));
        swarm.Converge();
        Assert.All(swarm.Active("web"), t => Assert.Null(t.NodeId));
    }

    [Fact]
    public void A_disconnected_node_keeps_its_tasks()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var before = swarm.Active("web").ConvertAll(t => t.Id);

        swarm.SetState("node2", NodeState.Disconnected);
        swarm.Converge();

        Assert.Equal(before, swarm.Active("web").ConvertAll(t => t.Id));
    }

    [Fact]
    public void A_node_that_returns_stops_what_was_replaced_and_keeps_the_rest()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Create(TestSwarm.GlobalSpec("agent"));
        swarm.Converge();
        var replaced = Assert.Single(swarm.Running("web"), t => t.NodeId == "node2");
        var kept = Assert.Single(swarm.Running("agent"), t => t.NodeId == "node2");
        swarm.SetState("node2", NodeState.Down);
        swarm.Converge();

        swarm.SetState("node2", NodeState.Ready);
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, swarm.Task(replaced.Id).Status.State);
        Assert.Equal((TaskState.Running, TaskState.Running), (swarm.Task(kept.Id).DesiredState, swarm.Task(kept.Id).Status.State));
        Assert.Equal(2, swarm.Running("web").Count);
    }

    [Fact]
    public void A_drained_node_is_emptied_and_the_replacement_waits_for_the_stop()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var moved = Assert.Single(swarm.Running("web"), t => t.NodeId == "node2");

        swarm.SetAvailability("node2", NodeAvailability.Drain);
        swarm.Converge(t => t.Id != moved.Id);
        var next = swarm.Slot("web", moved.Slot);
        Assert.Equal(("node1", TaskState.Ready, TaskState.Ready), (next.NodeId, next.DesiredState, next.Status.State));
        Assert.Equal(TaskState.Shutdown, swarm.Task(moved.Id).DesiredState);

        swarm.Converge();
        Assert.Equal(TaskState.Running, swarm.Task(next.Id).Status.State);
        Assert.Null(next.StartAfter);
        Assert.Equal(0u, next.RestartCount);
    }

    [Fact]
    public void A_task_that_does_not_stop_is_waited_for_its_grace_period_and_a_minute()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(
            TestSwarm.Spec("web") with
            {
                Container = new ContainerSpec { Image = "a", StopGracePeriod = TimeSpan.FromSeconds(30) },
            }
        );
        swarm.Converge();
        var stuck = Assert.Single(swarm.Running("web"));
        swarm.SetAvailability(stuck.NodeId!, NodeAvailability.Drain);

        swarm.Converge(t => t.Id != stuck.Id);
        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(90), swarm.NextDeadline);
        swarm.Advance(TimeSpan.FromSeconds(90) - TimeSpan.FromTicks(1), t => t.Id != stuck.Id);
        Assert.Empty(swarm.Running("web"));

        swarm.Advance(TimeSpan.FromTicks(1), t => t.Id != stuck.Id);
        Assert.Single(swarm.Running("web"));
    }

    [Fact]
    public void Tasks_of_a_removed_node_are_given_up()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var lost = Assert.Single(swarm.Running("web"), t => t.NodeId == "node2");

        swarm.Apply(new StateChange.NodeRemove("node2"));
        swarm.Converge();

        Assert.Equal(TaskState.Orphaned, swarm.Task(lost.Id).Status.State);
        Assert.Equal(["node1", "node1"], swarm.Running("web").Select(t => t.NodeId));
    }

    [Fact]
    public void Tasks_of_a_node_that_left_have_ended_and_move()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Create(TestSwarm.Spec("gone", 2));
        swarm.Converge();
        var left = swarm.State.TasksOfNode("node2").Select(t => t.Id).ToList();
        Assert.Equal(2, left.Count);

        swarm.Leave("node2");
        swarm.Apply(new StateChange.ServiceRemove(swarm["gone"].Id));
        swarm.Converge();

        Assert.Equal(["node1", "node1"], swarm.Running("web").Select(t => t.NodeId));
        var ended = Assert.Single(left.Select(swarm.State.FindTask).OfType<SwarmTask>());
        Assert.Equal((TaskState.Shutdown, TaskState.Shutdown), (ended.DesiredState, ended.Status.State));
        Assert.Null(swarm.NextDeadline);
    }

    [Fact]
    public void Tasks_become_orphaned_after_a_day_of_downtime()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var lost = Assert.Single(swarm.Running("web"), t => t.NodeId == "node2");
        swarm.SetState("node2", NodeState.Down);
        swarm.Converge();
        Assert.Equal(swarm.Now + TimeSpan.FromHours(24), swarm.NextDeadline);

        swarm.ChangeLeader();
        swarm.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal(TaskState.Running, swarm.Task(lost.Id).Status.State);

        swarm.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TaskState.Orphaned, swarm.Task(lost.Id).Status.State);
    }

    [Fact]
    public void Tasks_to_be_removed_are_forgotten_when_their_node_is_gone()
    {
        var swarm = new TestSwarm(nodes: 2);
        var service = swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        swarm.SetState("node2", NodeState.Down);
        swarm.Converge();
        swarm.Apply(new StateChange.ServiceRemove(service.Id));
        swarm.Converge();
        Assert.Equal("node2", Assert.Single(swarm.State.Tasks).NodeId);

        swarm.Apply(new StateChange.NodeRemove("node2"));
        swarm.Converge();

        Assert.Empty(swarm.State.Tasks);
    }

    [Fact]
    public void A_task_that_is_never_to_be_restarted_is_not_replaced_when_its_node_is_drained()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("job") with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();
        var task = Assert.Single(swarm.Running("job"));

        swarm.SetAvailability(task.NodeId!, NodeAvailability.Drain);
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, Assert.Single(swarm.Tasks("job")).Status.State);
    }

    [Fact]
    public void A_task_whose_node_loses_the_label_it_asks_for_moves()
    {
        var swarm = new TestSwarm();
        var east = ValueMap.Empty.With("zone", "east");
        swarm.AddNode("node1", east);
        swarm.AddNode("node2", east);
        swarm.Create(TestSwarm.Spec("web") with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        swarm.Converge();
        var moved = Assert.Single(swarm.Running("web"));
        Assert.Equal("node1", moved.NodeId);

        swarm.SetLabels("node1", ValueMap.Empty);
        swarm.Converge(t => t.Id != moved.Id);
        Assert.Equal(TaskState.Shutdown, swarm.Task(moved.Id).DesiredState);
        Assert.Equal(TaskState.Ready, swarm.Slot("web", 1).DesiredState);

        swarm.Converge();
        Assert.Equal("node2", Assert.Single(swarm.Running("web")).NodeId);
    }

    [Fact]
    public void Tasks_that_a_shrunken_node_has_no_room_for_move_youngest_first()
    {
        var swarm = new TestSwarm();
        swarm.AddNode("node1", cpus: 4);
        swarm.Create(
            TestSwarm.Spec("web", 2) with
            {
                Resources = new ResourceRequirements { Reservations = new ResourceAmount(2_000_000_000, 0) },
            }
        );
        swarm.Converge();
        var tasks = swarm.Running("web");
        swarm.AddNode("node2", cpus: 4);

        var description = swarm.State.FindNode("node1")!.Description with { Resources = new ResourceAmount(2_000_000_000, 1 << 30) };
        swarm.Apply(new StateChange.NodeDescriptionSet("node1", description, swarm.Now));
        swarm.Converge();

        var stays = Assert.Single(swarm.Running("web"), t => t.NodeId == "node1");
        Assert.Contains(stays.Id, tasks.ConvertAll(t => t.Id));
        Assert.Single(swarm.Running("web"), t => t.NodeId == "node2");
    }

    [Fact]
    public void A_paused_node_keeps_its_tasks_and_gets_no_new_ones()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var before = swarm.Active("web").ConvertAll(t => t.Id);

        swarm.SetAvailability("node2", NodeAvailability.Pause);
        swarm.Scale("web", 5);
        swarm.Converge();

        Assert.Superset(before.ToHashSet(), swarm.Active("web").Select(t => t.Id).ToHashSet());
        Assert.Equal(1, swarm.Running("web").Count(t => t.NodeId == "node2"));
    }
}
