using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

public class ConvergenceTests
{
    private static ServiceConvergence Of(TestSwarm swarm, string name = "web") => Convergence.OfService(swarm.State, swarm[name].Id);

    [Fact]
    public void A_service_has_converged_when_all_its_tasks_run()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 3));
        Assert.Equal((3ul, 0ul, false), (Of(swarm).Desired, Of(swarm).Running, Of(swarm).Converged));

        swarm.Converge(t => t.Slot < 3);
        Assert.Equal((3ul, 2ul, false, false), (Of(swarm).Desired, Of(swarm).Running, Of(swarm).Converged, Of(swarm).Stuck));
        Assert.Equal([(TaskState.Assigned, 1), (TaskState.Running, 2)], Of(swarm).ByState.Select(s => (s.Key, s.Value)));

        swarm.Converge();
        Assert.Equal((3ul, true, "3 of 3 tasks run"), (Of(swarm).Running, Of(swarm).Converged, Of(swarm).Message));
    }

    [Fact]
    public void What_still_stops_is_waited_for()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 3));
        swarm.Converge();
        swarm.Scale("web", 1);
        swarm.Settle();
        Assert.Equal((1ul, 2ul, false), (Of(swarm).Running, Of(swarm).Stopping, Of(swarm).Converged));

        swarm.Converge();
        Assert.True(Of(swarm).Converged);
    }

    [Fact]
    public void An_update_has_to_complete_and_a_paused_one_is_stuck()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        Assert.Equal(
            (2ul, false, "update in progress: 2 of 2 tasks are updated, 2 run"),
            (Of(swarm).Running, Of(swarm).Converged, Of(swarm).Message)
        );
        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.True(Of(swarm).Converged);

        swarm.SetImage("web", "redis:3");
        swarm.Converge();
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        Assert.Equal((false, true, "task: non-zero exit (1)"), (Of(swarm).Converged, Of(swarm).Stuck, Of(swarm).Reason));
        Assert.Equal($"{swarm["web"].UpdateStatus!.Message}: task: non-zero exit (1)", Of(swarm).Message);
        Assert.StartsWith("update paused due to failure", Of(swarm).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_update_says_how_many_are_updated_and_why_it_waits()
    {
        var swarm = UpdateScene.Running(3);
        Assert.Equal(3ul, Of(swarm).Updated);
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Slot != 2 || t.Revision == 1);
        Assert.Equal(
            (1ul, 2ul, "update in progress: 1 of 3 tasks are updated, 2 run", ""),
            (Of(swarm).Updated, Of(swarm).Running, Of(swarm).Message, Of(swarm).Reason)
        );

        swarm.Update("web", s => s with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        swarm.Converge();
        Assert.Equal("no suitable node (node.labels.zone==east is not met on 3 nodes)", Of(swarm).Reason);
        Assert.StartsWith("update in progress: 0 of 3 tasks are updated, ", Of(swarm).Message, StringComparison.Ordinal);
        Assert.EndsWith(" run: " + Of(swarm).Reason, Of(swarm).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rollback_says_what_failed_while_it_lasts()
    {
        var swarm = UpdateScene.Running(2, UpdateScene.AtOnce with { FailureAction = FailureAction.Rollback });
        swarm.SetImage("web", "redis:bad");
        swarm.Converge(t => t.Revision == 1);
        swarm.Observe(swarm.Slot("web", 1), TaskState.Rejected, "No such image: redis:bad");
        swarm.Settle();
        Assert.Equal(UpdateState.RollbackStarted, swarm["web"].UpdateStatus!.State);
        Assert.Equal((0ul, "No such image: redis:bad"), (Of(swarm).Updated, Of(swarm).Reason));
        Assert.EndsWith(": 0 of 2 tasks are rolled back, 0 run: No such image: redis:bad", Of(swarm).Message, StringComparison.Ordinal);

        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((true, ""), (Of(swarm).Converged, Of(swarm).Reason));
    }

    /// <summary>Between two attempts, the task that is made next has no error of its own.</summary>
    [Fact]
    public void The_reason_of_a_deployment_that_cannot_start_stays_between_its_attempts()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web"));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            swarm.Settle();
            swarm.Observe(swarm.Slot("web", 1), TaskState.Rejected, "No such image: redis:1");
            swarm.Settle();
            Assert.Equal(TaskState.Assigned, swarm.Slot("web", 1).Status.State);
            Assert.Equal(
                (false, false, "0 of 1 tasks run: No such image: redis:1"),
                (Of(swarm).Converged, Of(swarm).Stuck, Of(swarm).Message)
            );
            swarm.Advance(swarm.Loop.NextWait!.Value, t => t.DesiredState > TaskState.Running);
        }
        swarm.Converge();
        Assert.Equal((true, ""), (Of(swarm).Converged, Of(swarm).Reason));

        // A task that was moved has no failure behind it.
        swarm.AddNode("node2");
        swarm.SetAvailability("node1", NodeAvailability.Drain);
        swarm.Settle();
        Assert.Equal((false, ""), (Of(swarm).Converged, Of(swarm).Reason));
    }

    [Fact]
    public void A_drained_node_says_why_replacements_do_not_run()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.AddNode("node2", ValueMap.Empty.With("zone", "east"));
        swarm.Create(TestSwarm.Spec("web") with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        swarm.Converge();
        swarm.SetAvailability("node2", NodeAvailability.Drain);
        swarm.Converge();
        var drained = Convergence.OfNode(swarm.State, "node2");
        Assert.Equal((0, 1), (drained.TasksLeft, drained.ReplacementsPending));
        Assert.StartsWith("no suitable node (", drained.Reason, StringComparison.Ordinal);
        Assert.Contains("node.labels.zone==east is not met on 1 node", drained.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_says_why_a_task_does_not_run()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web") with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        swarm.Converge();
        Assert.StartsWith("0 of 1 tasks run: no suitable node (", Of(swarm).Message, StringComparison.Ordinal);
        Assert.Contains("node.labels.zone==east", Of(swarm).Message, StringComparison.Ordinal);

        swarm.Create(TestSwarm.Spec("db"));
        swarm.Converge();
        swarm.Observe(swarm.Slot("db", 1), TaskState.Rejected, "No such image: redis:1");
        Assert.Equal("0 of 1 tasks run: No such image: redis:1", Of(swarm, "db").Message);
    }

    [Fact]
    public void The_message_says_why_a_task_does_not_become_healthy()
    {
        const string Reason = "starting: the health check was due after 30 s and has not run within 95 s; the engine runs none";
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Settle();
        swarm.Observe(swarm.Slot("web", 1), TaskState.Starting);
        Assert.Equal("0 of 1 tasks run", Of(swarm).Message);

        var task = swarm.Slot("web", 1);
        swarm.Apply(new StateChange.TaskObserve(task.Id, task.Status with { Message = Reason }));
        Assert.Equal("0 of 1 tasks run: " + Reason, Of(swarm).Message);

        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Id == task.Id);
        var next = swarm.Slot("web", 1);
        swarm.Apply(new StateChange.TaskObserve(next.Id, next.Status with { State = TaskState.Starting, Message = Reason }));
        Assert.Equal("update in progress: 0 of 1 tasks are updated, 0 run: " + Reason, Of(swarm).Message);
    }

    [Fact]
    public void Tasks_that_have_completed_and_are_not_restarted_count_and_failed_ones_are_stuck()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2) with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();
        swarm.Observe(swarm.Slot("web", 1), TaskState.Complete);
        swarm.Converge();
        Assert.Equal((true, "1 of 2 tasks run, 1 have completed"), (Of(swarm).Converged, Of(swarm).Message));

        swarm.Fail(swarm.Slot("web", 2));
        swarm.Converge();
        Assert.Equal((false, true), (Of(swarm).Converged, Of(swarm).Stuck));
        Assert.Equal("0 of 2 tasks run, 1 have ended and are not restarted: task: non-zero exit (1)", Of(swarm).Message);
    }

    [Fact]
    public void What_has_ended_before_an_update_is_not_stuck_but_waits_for_the_update()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2) with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();
        swarm.Observe(swarm.Slot("web", 1), TaskState.Complete);
        swarm.Fail(swarm.Slot("web", 2));
        swarm.Converge();
        Assert.Equal((false, true), (Of(swarm).Converged, Of(swarm).Stuck));

        // Both when the leader has not acted yet, and between the steps of the update.
        swarm.Update("web", s => s with { Container = s.Container with { Image = "redis:2" }, Update = s.Update with { Parallelism = 1 } });
        Assert.Equal((false, false), (Of(swarm).Converged, Of(swarm).Stuck));
        swarm.Settle();
        Assert.Equal((false, false), (Of(swarm).Converged, Of(swarm).Stuck));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((2ul, true), (Of(swarm).Running, Of(swarm).Converged));
    }

    [Fact]
    public void A_global_service_wants_as_many_as_nodes_take_it()
    {
        var swarm = new TestSwarm(nodes: 4);
        swarm.Create(TestSwarm.GlobalSpec("web"));
        swarm.Converge();
        swarm.SetState("node2", NodeState.Down);
        swarm.SetAvailability("node3", NodeAvailability.Drain);
        swarm.SetAvailability("node4", NodeAvailability.Pause);
        swarm.Converge();

        Assert.Equal((2ul, 2ul, true), (Of(swarm).Desired, Of(swarm).Running, Of(swarm).Converged));
    }

    [Fact]
    public void A_removed_service_has_converged_when_its_last_task_is_gone()
    {
        var swarm = new TestSwarm(nodes: 1);
        var id = swarm.Create(TestSwarm.Spec("web", 2)).Id;
        swarm.Converge();
        swarm.Apply(new StateChange.ServiceRemove(id));
        swarm.Settle();
        Assert.Equal((2ul, false), (Convergence.OfService(swarm.State, id).Stopping, Convergence.OfService(swarm.State, id).Converged));
        Assert.StartsWith("2 tasks are stopping on node1", Convergence.OfService(swarm.State, id).Reason, StringComparison.Ordinal);

        swarm.Converge();
        Assert.True(Convergence.OfService(swarm.State, id).Converged);
    }

    [Fact]
    public void A_removed_service_does_not_wait_for_a_node_that_is_down()
    {
        var swarm = new TestSwarm(nodes: 2);
        var id = swarm.Create(TestSwarm.Spec("web", 2)).Id;
        swarm.Converge();
        swarm.SetState("node2", NodeState.Down);
        swarm.Apply(new StateChange.ServiceRemove(id));
        swarm.Settle();
        Assert.Equal((1ul, false), (Convergence.OfService(swarm.State, id).Stopping, Convergence.OfService(swarm.State, id).Converged));

        swarm.Converge();
        Assert.Single(swarm.State.TasksOfService(id));
        var convergence = Convergence.OfService(swarm.State, id);
        Assert.Equal((0ul, true), (convergence.Stopping, convergence.Converged));
        Assert.Equal("removed; tasks on nodes that are down, which will stop them when they return: 1 on node2", convergence.Message);
    }

    [Fact]
    public void A_node_is_done_when_nothing_is_left_and_the_replacements_run()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 4));
        swarm.Converge();
        swarm.SetAvailability("node2", NodeAvailability.Drain);
        swarm.Settle();
        Assert.Equal(new NodeConvergence("node2", 2, 2), Convergence.OfNode(swarm.State, "node2"));

        swarm.Converge(t => t.NodeId == "node2");
        Assert.Equal(new NodeConvergence("node2", 0, 2), Convergence.OfNode(swarm.State, "node2"));
        Assert.False(Convergence.OfNode(swarm.State, "node2").Done);

        swarm.Converge();
        Assert.True(Convergence.OfNode(swarm.State, "node2").Done);
    }

    [Fact]
    public void Where_no_history_is_kept_the_replacements_of_what_was_seen_there_are_waited_for()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.SetHistoryLimit(0);
        swarm.Create(TestSwarm.Spec("web", 4));
        swarm.Converge();
        swarm.SetAvailability("node2", NodeAvailability.Drain);
        swarm.Settle();
        var moved = new HashSet<(string, uint)>();
        Assert.Equal(new NodeConvergence("node2", 2, 2), Convergence.OfNode(swarm.State, "node2", moved));

        swarm.Converge(t => t.NodeId == "node2");
        Assert.Empty(swarm.State.TasksOfNode("node2"));
        Assert.Equal(new NodeConvergence("node2", 0, 2), Convergence.OfNode(swarm.State, "node2", moved));

        swarm.Converge();
        Assert.True(Convergence.OfNode(swarm.State, "node2", moved).Done);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_node_that_went_with_its_tasks_is_done_when_they_run_elsewhere(bool removed)
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 4));
        swarm.Converge();
        if (removed)
        {
            swarm.Apply(new StateChange.NodeRemove("node2"));
        }
        else
        {
            swarm.SetState("node2", NodeState.Down);
        }
        // Nothing has been planned yet.
        Assert.Equal(new NodeConvergence("node2", 0, 2), Convergence.OfNode(swarm.State, "node2"));
        swarm.Settle();
        Assert.Equal(new NodeConvergence("node2", 0, 2), Convergence.OfNode(swarm.State, "node2"));
        swarm.Converge();
        Assert.True(Convergence.OfNode(swarm.State, "node2").Done);
        Assert.Equal(4, swarm.Running("web").Count(t => t.NodeId == "node1"));
    }
}
