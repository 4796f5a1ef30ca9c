using Swarm.Core.Model;
using Swarm.Core.State;
using static Swarm.Core.Tests.Orchestration.UpdateScene;

namespace Swarm.Core.Tests.Orchestration.Updates;

/// <summary>Constraints of a service and labels of its nodes that change together.</summary>
public class PlacementChangeTests
{
    private static readonly ValueMap East = ValueMap.Empty.With("zone", "east");
    private static readonly ValueMap West = ValueMap.Empty.With("zone", "west");

    private static TestSwarm InEast(ulong replicas, UpdateConfig? update = null, RestartPolicy? restart = null)
    {
        var swarm = new TestSwarm(nodes: 3);
        SetAll(swarm, East);
        swarm.Create(
            TestSwarm.Spec("web", replicas) with
            {
                Placement = In("east"),
                Update = update ?? UpdateConfig.Default,
                Restart = restart ?? RestartPolicy.Default,
            }
        );
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }

    private static Placement In(string zone) => new() { Constraints = [$"node.labels.zone=={zone}"] };

    private static void SetAll(TestSwarm swarm, ValueMap labels)
    {
        foreach (var node in swarm.State.Nodes.Select(n => n.Id).Order(StringComparer.Ordinal).ToList())
        {
            swarm.SetLabels(node, labels);
        }
    }

    [Theory]
    [InlineData(RestartCondition.Any)]
    [InlineData(RestartCondition.None)]
    public void A_task_stays_when_its_node_loses_a_label_that_its_service_no_longer_asks_for(RestartCondition condition)
    {
        var swarm = InEast(3, restart: RestartPolicy.Default with { Condition = condition });
        var before = swarm.Running("web").ConvertAll(t => t.Id);
        swarm.Update("web", s => s with { Placement = Placement.Anywhere });
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));

        SetAll(swarm, ValueMap.Empty);
        swarm.Converge();
        swarm.ChangeLeader();
        swarm.Converge();

        Assert.Equal(before, swarm.Running("web").ConvertAll(t => t.Id));
        Assert.Equal(3, swarm.Tasks("web").Count);
    }

    [Fact]
    public void A_rolling_update_to_another_zone_keeps_its_parallelism_when_the_labels_move()
    {
        var swarm = InEast(6);

        swarm.Update("web", s => s with { Placement = In("west"), Container = s.Container with { Image = "redis:2" } });
        swarm.Settle();
        SetAll(swarm, West);
        var fewest = 6;
        for (var i = 0; i < 100 && Status(swarm).State == UpdateState.Updating; i++)
        {
            swarm.Settle();
            fewest = Math.Min(fewest, swarm.Tasks("web").Count(t => t is { IsLive: true, Status.State: TaskState.Running }));
            swarm.Converge();
            swarm.Advance(swarm.NextDeadline is { } at ? at - swarm.Now : TimeSpan.Zero);
        }

        Assert.Equal((UpdateState.Completed, 5), (Status(swarm).State, fewest));
        Assert.Equal(Enumerable.Repeat(2ul, 6), swarm.Running("web").Select(t => t.Revision));
    }

    [Theory]
    [InlineData(UpdateState.Updating)]
    [InlineData(UpdateState.Paused)]
    public void Tasks_that_an_update_of_the_placement_alone_has_not_reached_are_left_to_it(UpdateState state)
    {
        var swarm = InEast(6);
        swarm.AddNode("node4", West);
        swarm.Update("web", s => s with { Placement = In("west") });
        swarm.Settle();
        if (state == UpdateState.Paused)
        {
            swarm.Apply(new StateChange.ServiceUpdateStatusSet(swarm["web"].Id, Status(swarm) with { State = state }, swarm.Now));
        }

        // The first look of a new leader is at every node.
        swarm.ChangeLeader();
        swarm.Settle();

        Assert.Equal(5, swarm.Running("web").Count(t => t.Revision == 1));
    }

    [Fact]
    public void A_task_of_an_older_template_goes_when_its_node_meets_neither_spec()
    {
        var swarm = InEast(3, UpdateConfig.Default with { Delay = TimeSpan.FromHours(1) });
        swarm.AddNode("node4", West);
        swarm.Update("web", s => s with { Placement = In("west"), Container = s.Container with { Image = "redis:2" } });
        swarm.Converge();
        var kept = swarm.Running("web").FindAll(t => t.Revision == 1);
        Assert.Equal(2, kept.Count);

        swarm.SetLabels(kept[0].NodeId!, ValueMap.Empty);
        swarm.SetLabels(kept[1].NodeId!, West);
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, swarm.Task(kept[0].Id).Status.State);
        Assert.Equal((TaskState.Running, TaskState.Running), (swarm.Task(kept[1].Id).DesiredState, swarm.Task(kept[1].Id).Status.State));
        Assert.Equal(2ul, swarm.Slot("web", kept[0].Slot).Revision);
    }

    [Fact]
    public void A_task_that_the_update_made_goes_when_its_node_does_not_meet_the_newer_constraint()
    {
        var swarm = InEast(2, UpdateConfig.Default with { Delay = TimeSpan.FromHours(1) });
        swarm.AddNode("node4", West);
        swarm.AddNode("node5", West);
        swarm.Update("web", s => s with { Placement = In("west"), Container = s.Container with { Image = "redis:2" } });
        swarm.Converge();
        var made = Assert.Single(swarm.Running("web"), t => t.Revision == 2);

        swarm.SetLabels(made.NodeId!, East);
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, swarm.Task(made.Id).Status.State);
        Assert.NotEqual(made.NodeId, swarm.Slot("web", made.Slot).NodeId);
    }

    [Fact]
    public void A_task_stays_when_its_node_has_room_again_before_the_service_is_looked_at()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.GlobalSpec("agent") with { Resources = Reserve(2) });
        swarm.Converge();
        var task = Assert.Single(swarm.Running("agent"));
        // The plan looks at the node, and then has no room for the service.
        for (var i = 0; i < 3; i++)
        {
            swarm.Create(TestSwarm.Spec($"other{i}", 9));
        }
        SetCpus(swarm, 1);
        swarm.Apply(swarm.Loop.Plan(1));
        Assert.Equal(TaskState.Running, swarm.Task(task.Id).DesiredState);

        SetCpus(swarm, 4);
        swarm.Converge();

        Assert.Equal(task.Id, Assert.Single(swarm.Running("agent")).Id);
    }

    private static void SetCpus(TestSwarm swarm, int cpus)
    {
        var description = swarm.State.FindNode("node1")!.Description with
        {
            Resources = new ResourceAmount(cpus * 1_000_000_000L, 1L << 30),
        };
        swarm.Apply(new StateChange.NodeDescriptionSet("node1", description, swarm.Now));
    }

    [Fact]
    public void A_label_that_goes_while_the_assignment_is_on_its_way_is_noticed()
    {
        var swarm = InEast(0);
        swarm.Scale("web", 1);
        swarm.Apply(swarm.Loop.Plan());
        var assignment = swarm.Loop.Plan();
        var assigned = Assert.IsType<StateChange.TaskAssign>(Assert.Single(assignment));

        swarm.SetLabels(assigned.NodeId, West);
        swarm.Apply(assignment);
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, swarm.Task(assigned.TaskId).Status.State);
        Assert.NotEqual(assigned.NodeId, Assert.Single(swarm.Running("web")).NodeId);
    }

    [Fact]
    public void A_global_task_that_waits_on_its_node_follows_the_newer_constraints()
    {
        var swarm = new TestSwarm();
        swarm.AddNode("node1", East, cpus: 1);
        swarm.Create(TestSwarm.Spec("heavy") with { Resources = Reserve(1) });
        swarm.Converge();
        swarm.Create(TestSwarm.GlobalSpec("agent") with { Resources = Reserve(1), Placement = In("east") });
        swarm.Converge();
        Assert.Equal(TaskState.Pending, Assert.Single(swarm.Active("agent")).Status.State);

        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.SetLabels("node1", West);
        swarm.Update("agent", s => s with { Placement = In("west") });
        swarm.Scale("heavy", 0);
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(2ul, Assert.Single(swarm.Running("agent")).Revision);
    }

    private static ResourceRequirements Reserve(int cpus) => new() { Reservations = new ResourceAmount(cpus * 1_000_000_000L, 0) };
}
