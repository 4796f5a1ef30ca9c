using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

public class StopConvergenceTests
{
    private static StoppedTask Stop(TestSwarm swarm, SwarmTask task)
    {
        swarm.Apply(new StateChange.TaskDesire(task.Id, TaskState.Shutdown));
        return StoppedTask.Of(task);
    }

    private static (bool Ended, string? Replacement, bool Done, bool Stuck, string Message) Of(TestSwarm swarm, StoppedTask stopped)
    {
        var c = StopConvergence.Of(swarm.State, stopped);
        return (c.Ended, c.Replacement?.Id, c.Done, c.Stuck, c.Message);
    }

    [Fact]
    public void Done_when_the_task_has_ended_and_the_next_of_its_slot_runs()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var old = swarm.Slot("web", 2);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        var stopped = Stop(swarm, old);
        // Nothing has been planned yet.
        Assert.Equal((false, null, false, false, "the task is stopping"), Of(swarm, stopped));
        swarm.Converge(t => t.Id != old.Id);
        var next = swarm.Slot("web", 2);
        Assert.Equal((false, next.Id, false, false, "the task is stopping"), Of(swarm, stopped));
        swarm.Observe(old, TaskState.Shutdown);
        Assert.Equal((true, next.Id, false, false, "its replacement is Ready"), Of(swarm, stopped));
        swarm.Converge();
        Assert.Equal((true, next.Id, true, false, "its replacement runs"), Of(swarm, stopped));
        // The same after the stopped task is deleted.
        swarm.Apply(new StateChange.TaskRemove(old.Id));
        Assert.Equal((true, next.Id, true, false, "its replacement runs"), Of(swarm, stopped));
    }

    [Fact]
    public void Done_when_it_has_ended_where_the_restart_policy_wants_no_other()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("once") with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();
        var stopped = Stop(swarm, swarm.Slot("once", 1));
        Assert.Equal((false, null, false, false, "the task is stopping"), Of(swarm, stopped));
        swarm.Converge();
        Assert.Equal((true, null, true, false, "the task has ended, and none takes its slot"), Of(swarm, stopped));
    }

    [Fact]
    public void Done_when_the_service_shrank_or_was_removed_meanwhile()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        var stopped = Stop(swarm, swarm.Slot("web", 2));
        swarm.Scale("web", 1);
        swarm.Converge();
        Assert.True(Of(swarm, stopped).Done);
        var other = Stop(swarm, swarm.Slot("web", 1));
        swarm.Apply(new StateChange.ServiceRemove(other.ServiceId));
        Assert.Equal((false, null, false, false, "the task is stopping"), Of(swarm, other));
        swarm.Converge();
        Assert.Equal((true, null, true, false, "the task has ended, and its service was removed"), Of(swarm, other));
    }

    [Fact]
    public void Waits_for_a_place_and_says_what_is_in_the_way()
    {
        var swarm = new TestSwarm();
        swarm.AddNode("node1", ValueMap.From(new Dictionary<string, string> { ["zone"] = "a" }));
        swarm.Create(TestSwarm.Spec("web") with { Placement = new Placement { Constraints = ["node.labels.zone==a"] } });
        swarm.Converge();
        var stopped = Stop(swarm, swarm.Slot("web", 1));
        swarm.SetLabels("node1", ValueMap.Empty);
        swarm.Converge();
        var (ended, replacement, done, stuck, message) = Of(swarm, stopped);
        Assert.Equal((true, swarm.Slot("web", 1).Id, false, false), (ended, replacement, done, stuck));
        Assert.Equal(
            "its replacement is Pending: no suitable node (" + swarm.Slot("web", 1).Pending!.Reasons[0].Detail + " on 1 node)",
            message
        );
        Assert.Contains("node.labels.zone==a", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stuck_when_the_replacement_has_failed_for_good()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Restart = RestartPolicy.Default with { MaxAttempts = 1, Delay = TimeSpan.Zero } });
        swarm.Converge();
        var stopped = Stop(swarm, swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Advance(TimeSpan.FromMinutes(2));
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Settle();
        var (ended, _, done, stuck, message) = Of(swarm, stopped);
        Assert.Equal(
            (true, false, true, "its replacement has ended (Failed: task: non-zero exit (1)) and is not restarted"),
            (ended, done, stuck, message)
        );
    }

    [Fact]
    public void A_pending_task_is_gone_at_once_and_its_slot_is_filled_again()
    {
        var swarm = new TestSwarm();
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Settle();
        var stopped = StoppedTask.Of(swarm.Slot("web", 1));
        swarm.Apply(new StateChange.TaskRemove(stopped.TaskId));
        Assert.Equal((true, null, false, false, "its replacement is not there yet"), Of(swarm, stopped));
        swarm.AddNode("node1");
        swarm.Converge();
        Assert.True(Of(swarm, stopped).Done);
    }

    [Fact]
    public void The_slot_of_a_global_task_is_its_node()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.GlobalSpec("agent"));
        swarm.Converge();
        var stopped = Stop(swarm, swarm.Active("agent").Single(t => t.NodeId == "node2"));
        Assert.False(Of(swarm, stopped).Done);
        swarm.Converge();
        var next = swarm.Active("agent").Single(t => t.NodeId == "node2");
        Assert.Equal((true, next.Id, true, false, "its replacement runs"), Of(swarm, stopped));
        // A node that takes no new tasks does not get another.
        var last = Stop(swarm, next);
        swarm.SetAvailability("node2", NodeAvailability.Drain);
        swarm.Converge();
        Assert.Equal((true, null, true, false, "the task has ended, and none takes its slot"), Of(swarm, last));
    }
}
