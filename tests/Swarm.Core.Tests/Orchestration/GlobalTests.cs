using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

public class GlobalTests
{
    private static readonly ValueMap East = ValueMap.Empty.With("zone", "east");

    private static TestSwarm Running(int nodes = 3, Func<ServiceSpec, ServiceSpec>? change = null)
    {
        var swarm = new TestSwarm(nodes);
        var spec = TestSwarm.GlobalSpec("agent");
        swarm.Create(change is null ? spec : change(spec));
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }

    private static string[] Nodes(TestSwarm swarm) => [.. swarm.Running("agent").Select(t => t.NodeId!).Order(StringComparer.Ordinal)];

    [Fact]
    public void Runs_once_on_every_node_and_on_new_ones_too()
    {
        var swarm = Running(nodes: 2);
        Assert.Equal(["node1", "node2"], Nodes(swarm));
        Assert.All(swarm.Tasks("agent"), t => Assert.Equal(0u, t.Slot));

        swarm.AddNode("node3");
        swarm.Converge();

        Assert.Equal(["node1", "node2", "node3"], Nodes(swarm));
    }

    [Fact]
    public void Runs_only_where_constraints_are_met_and_follows_labels()
    {
        var swarm = Running(change: s => s with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        Assert.Empty(swarm.Tasks("agent"));

        swarm.SetLabels("node2", East);
        swarm.Converge();
        Assert.Equal(["node2"], Nodes(swarm));

        swarm.SetLabels("node2", ValueMap.Empty);
        swarm.SetLabels("node3", East);
        swarm.Converge();
        Assert.Equal(["node3"], Nodes(swarm));
    }

    [Fact]
    public void Leaves_a_drained_node_and_comes_back()
    {
        var swarm = Running();

        swarm.SetAvailability("node2", NodeAvailability.Drain);
        swarm.Converge();
        Assert.Equal(["node1", "node3"], Nodes(swarm));
        Assert.Equal(3, swarm.Tasks("agent").Count);

        swarm.SetAvailability("node2", NodeAvailability.Active);
        swarm.Converge();
        Assert.Equal(["node1", "node2", "node3"], Nodes(swarm));
    }

    [Fact]
    public void A_paused_node_keeps_its_task_gets_no_new_one_and_no_restart()
    {
        var swarm = Running(nodes: 2);
        swarm.SetAvailability("node2", NodeAvailability.Pause);
        swarm.AddNode("node3");
        swarm.SetAvailability("node3", NodeAvailability.Pause);
        swarm.Converge();
        Assert.Equal(["node1", "node2"], Nodes(swarm));

        swarm.Fail(Assert.Single(swarm.Running("agent"), t => t.NodeId == "node2"));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["node1"], Nodes(swarm));

        swarm.SetAvailability("node2", NodeAvailability.Active);
        swarm.Converge();
        Assert.Equal(["node1", "node2"], Nodes(swarm));
    }

    [Fact]
    public void A_failed_task_is_restarted_on_its_node_after_the_delay()
    {
        var swarm = Running();
        var failed = Assert.Single(swarm.Running("agent"), t => t.NodeId == "node2");

        swarm.Fail(failed);
        swarm.Converge();
        var next = Assert.Single(swarm.Active("agent"), t => t.NodeId == "node2");
        Assert.Equal((TaskState.Ready, 1u), (next.DesiredState, next.RestartCount));

        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["node1", "node2", "node3"], Nodes(swarm));
    }

    [Fact]
    public void The_task_of_a_node_that_left_has_ended()
    {
        var swarm = Running(nodes: 2);
        var task = Assert.Single(swarm.Running("agent"), t => t.NodeId == "node2");

        swarm.Leave("node2");
        swarm.Converge();

        Assert.Equal(["node1"], Nodes(swarm));
        var ended = swarm.Task(task.Id);
        Assert.Equal(
            (TaskState.Shutdown, TaskState.Shutdown, "node left the swarm"),
            (ended.DesiredState, ended.Status.State, ended.Status.Message)
        );
        Assert.True(Convergence.OfService(swarm.State, swarm["agent"].Id).Converged);
    }

    [Fact]
    public void A_node_that_is_down_gets_nothing_and_goes_on_when_it_returns()
    {
        var swarm = Running(nodes: 2);
        var before = swarm.Active("agent").ConvertAll(t => t.Id);

        swarm.SetState("node2", NodeState.Down);
        swarm.Converge();
        Assert.Equal(before, swarm.Active("agent").ConvertAll(t => t.Id));

        swarm.SetState("node2", NodeState.Ready);
        swarm.Converge();
        Assert.Equal(before, swarm.Active("agent").ConvertAll(t => t.Id));
    }

    [Fact]
    public void A_node_that_lost_its_task_while_it_was_down_gets_another()
    {
        var swarm = Running(nodes: 2);
        var gone = Assert.Single(swarm.Running("agent"), t => t.NodeId == "node2");
        swarm.SetState("node2", NodeState.Down);
        swarm.Converge();

        swarm.SetState("node2", NodeState.Ready);
        swarm.Fail(gone);
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["node1", "node2"], Nodes(swarm));
    }

    [Fact]
    public void Tasks_of_a_removed_node_go_with_it_the_ended_ones_too()
    {
        var swarm = Running(nodes: 2);
        swarm.Fail(Assert.Single(swarm.Running("agent"), t => t.NodeId == "node2"));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(2, swarm.Tasks("agent").Count(t => t.NodeId == "node2"));

        swarm.Apply(new StateChange.NodeRemove("node2"));
        swarm.Converge();

        Assert.Equal(["node1"], Nodes(swarm));
        Assert.Equal("node1", Assert.Single(swarm.Tasks("agent")).NodeId);
    }

    [Fact]
    public void An_update_replaces_node_by_node()
    {
        var swarm = Running(change: s => s with { Update = UpdateConfig.Default with { Monitor = TimeSpan.FromSeconds(1) } });

        swarm.SetImage("agent", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        Assert.Equal(1, swarm.Active("agent").Count(t => t.Revision == 2));

        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(1));
        Assert.All(swarm.Running("agent"), t => Assert.Equal(2ul, t.Revision));
        Assert.Equal(["node1", "node2", "node3"], Nodes(swarm));
        Assert.Equal(UpdateState.Completed, swarm["agent"].UpdateStatus!.State);
    }

    [Fact]
    public void A_node_that_was_paused_during_an_update_catches_up_when_it_is_active_again()
    {
        var swarm = Running(nodes: 2);
        swarm.SetAvailability("node2", NodeAvailability.Pause);
        swarm.SetImage("agent", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        var status = swarm["agent"].UpdateStatus;
        Assert.Equal(UpdateState.Completed, status!.State);
        Assert.Equal(1ul, Assert.Single(swarm.Running("agent"), t => t.NodeId == "node2").Revision);

        swarm.SetAvailability("node2", NodeAvailability.Active);
        swarm.Converge();

        Assert.All(swarm.Running("agent"), t => Assert.Equal(2ul, t.Revision));
        Assert.Equal(2, swarm.Running("agent").Count);
        Assert.Equal(status, swarm["agent"].UpdateStatus);
    }

    [Fact]
    public void An_update_goes_on_without_a_node_that_goes_down_under_it()
    {
        var swarm = Running();
        swarm.SetImage("agent", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        var stranded = Assert.Single(swarm.Active("agent"), t => t.Revision == 2);
        Assert.Equal(TaskState.Assigned, stranded.Status.State);

        swarm.SetState(stranded.NodeId!, NodeState.Down);
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(UpdateState.Completed, swarm["agent"].UpdateStatus!.State);
        Assert.All(swarm.Running("agent"), t => Assert.Equal(2ul, t.Revision));
        Assert.Equal(2, swarm.Running("agent").Count);

        swarm.SetState(stranded.NodeId!, NodeState.Ready);
        swarm.Converge();
        Assert.Equal(["node1", "node2", "node3"], Nodes(swarm));
        Assert.Equal(TaskState.Running, swarm.Task(stranded.Id).Status.State);
    }

    [Fact]
    public void An_update_goes_on_without_a_node_that_is_paused_before_it_has_its_task()
    {
        var swarm = Running(change: s =>
            s with
            {
                Resources = new ResourceRequirements { Reservations = new ResourceAmount(3_000_000_000, 0) },
            }
        );
        swarm.SetImage("agent", "redis:2");
        // The old task does not stop, so there is no room for the new one.
        swarm.Converge(_ => false);
        var stranded = Assert.Single(swarm.Active("agent"), t => t.Revision == 2);
        Assert.Equal(TaskState.Pending, stranded.Status.State);

        swarm.SetAvailability(stranded.NodeId!, NodeAvailability.Pause);
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(UpdateState.Completed, swarm["agent"].UpdateStatus!.State);
        Assert.Equal(2, swarm.Running("agent").Count(t => t.Revision == 2));

        swarm.SetAvailability(stranded.NodeId!, NodeAvailability.Active);
        swarm.Converge();
        Assert.Equal(["node1", "node2", "node3"], Nodes(swarm));
        Assert.All(swarm.Running("agent"), t => Assert.Equal(2ul, t.Revision));
    }
}
