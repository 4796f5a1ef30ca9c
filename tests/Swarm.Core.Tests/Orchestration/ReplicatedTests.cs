using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

public class ReplicatedTests
{
    [Fact]
    public void Creates_slots_1_to_N_pending_and_wanted_running()
    {
        var swarm = new TestSwarm();
        swarm.Create(TestSwarm.Spec("web", 3));

        swarm.Apply(swarm.Loop.Plan());

        var tasks = swarm.Tasks("web");
        Assert.Equal([1u, 2u, 3u], tasks.Select(t => t.Slot));
        Assert.All(
            tasks,
            t =>
            {
                Assert.Equal(TaskState.Pending, t.Status.State);
                Assert.Equal("pending task scheduling", t.Status.Message);
                Assert.Equal(TaskState.Running, t.DesiredState);
                Assert.Equal(1ul, t.Revision);
                Assert.Null(t.NodeId);
            }
        );
    }

    [Fact]
    public void Runs_spread_over_the_nodes()
    {
        var swarm = new TestSwarm(nodes: 3);
        swarm.Create(TestSwarm.Spec("web", 6));

        swarm.Converge();

        Assert.Equal(6, swarm.Running("web").Count);
        Assert.Equal([2, 2, 2], swarm.Running("web").GroupBy(t => t.NodeId).Select(g => g.Count()));
        Assert.False(swarm.Loop.HasWork);
        Assert.Null(swarm.NextDeadline);
    }

    [Fact]
    public void Scaling_up_adds_the_lowest_free_slots()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 4));
        swarm.Converge();
        // Slots 3 and 4 do not run, so they are the first to go.
        swarm.Scale("web", 2);
        swarm.Converge();
        Assert.Equal([1u, 2u], swarm.Active("web").Select(t => t.Slot));

        swarm.Scale("web", 5);
        swarm.Converge();

        Assert.Equal([1u, 2u, 3u, 4u, 5u], swarm.Running("web").Select(t => t.Slot));
        Assert.Equal(1ul, swarm["web"].Revision);
        Assert.Null(swarm["web"].UpdateStatus);
    }

    [Fact]
    public void Scaling_down_takes_from_the_fullest_node_and_forgets_the_tasks()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.SetAvailability("node2", NodeAvailability.Pause);
        swarm.Create(TestSwarm.Spec("web", 3));
        swarm.Converge();
        swarm.SetAvailability("node2", NodeAvailability.Active);
        swarm.Scale("web", 4);
        swarm.Converge();
        Assert.Equal(["node1", "node1", "node1", "node2"], swarm.Running("web").Select(t => t.NodeId));

        swarm.Scale("web", 2);
        swarm.Settle();
        Assert.Equal(
            [(2u, TaskState.Remove), (3u, TaskState.Remove)],
            swarm.Tasks("web").Where(t => t.DesiredState > TaskState.Running).Select(t => (t.Slot, t.DesiredState))
        );

        swarm.Converge();
        Assert.Equal([(1u, "node1"), (4u, "node2")], swarm.Tasks("web").Select(t => (t.Slot, t.NodeId!)));
    }

    [Fact]
    public void Scaling_down_takes_slots_that_do_not_run_first()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 3));
        swarm.Converge(t => t.Slot != 1);

        swarm.Scale("web", 2);
        swarm.Converge();

        Assert.Equal([2u, 3u], swarm.Running("web").Select(t => t.Slot));
    }

    [Fact]
    public void A_task_in_a_slot_that_still_stops_waits_for_it()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var stopping = swarm.Slot("web", 2);
        swarm.Scale("web", 1);
        swarm.Settle();

        swarm.Scale("web", 2);
        swarm.Converge(t => t.Id != stopping.Id);
        var next = swarm.Slot("web", 2);
        Assert.Equal((TaskState.Ready, TaskState.Ready), (next.DesiredState, next.Status.State));

        swarm.Converge();
        Assert.Equal(next.Id, Assert.Single(swarm.Running("web"), t => t.Slot == 2).Id);
    }

    [Fact]
    public void Removing_a_service_stops_and_forgets_its_tasks()
    {
        var swarm = new TestSwarm(nodes: 2);
        var service = swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();

        swarm.Apply(new StateChange.ServiceRemove(service.Id));
        swarm.Settle();
        Assert.All(swarm.State.TasksOfService(service.Id), t => Assert.Equal(TaskState.Remove, t.DesiredState));

        swarm.Converge();
        Assert.Empty(swarm.State.Tasks);
        Assert.Empty(swarm.State.RevisionsOf(service.Id));
    }

    [Fact]
    public void A_task_that_never_got_a_node_is_forgotten_at_once()
    {
        var swarm = new TestSwarm();
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Settle();

        swarm.Scale("web", 1);
        swarm.Settle();

        Assert.Equal(1u, Assert.Single(swarm.Tasks("web")).Slot);
    }

    [Fact]
    public void A_plan_keeps_to_its_limit_and_the_rest_follows()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 25));
        var sizes = new List<int>();
        while (swarm.Loop.HasWork)
        {
            var plan = swarm.Loop.Plan(10);
            sizes.Add(plan.Count);
            swarm.Apply(plan);
        }

        Assert.All(sizes, s => Assert.InRange(s, 0, 10));
        Assert.Equal(25, swarm.Tasks("web").Count(t => t.Status.State == TaskState.Assigned));
    }

    [Fact]
    public void A_lost_plan_is_made_again_after_a_reset()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2));
        _ = swarm.Loop.Plan();
        Assert.Empty(swarm.Loop.Plan());

        swarm.Loop.Reset();
        swarm.Converge();

        Assert.Equal(2, swarm.Running("web").Count);
    }
}
