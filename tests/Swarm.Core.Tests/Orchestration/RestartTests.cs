using Swarm.Core.Model;
using Swarm.Core.Orchestration;

namespace Swarm.Core.Tests.Orchestration;

public class RestartTests
{
    private static ServiceSpec Web(RestartPolicy? policy = null) =>
        TestSwarm.Spec("web") with
        {
            Restart = policy ?? RestartPolicy.Default,
        };

    private static TestSwarm Running(RestartPolicy? policy = null, int nodes = 1)
    {
        var swarm = new TestSwarm(nodes);
        swarm.Create(Web(policy));
        swarm.Converge();
        Assert.Single(swarm.Running("web"));
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }

    [Fact]
    public void A_failed_task_is_replaced_in_its_slot_after_the_delay()
    {
        var swarm = Running();
        var failed = swarm.Slot("web", 1);
        swarm.Time.Advance(TimeSpan.FromMinutes(5));

        swarm.Fail(failed);
        swarm.Converge();

        Assert.Equal((TaskState.Shutdown, TaskState.Failed), (swarm.Task(failed.Id).DesiredState, swarm.Task(failed.Id).Status.State));
        var next = swarm.Slot("web", 1);
        Assert.Equal((TaskState.Ready, TaskState.Ready), (next.DesiredState, next.Status.State));
        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(5), next.StartAfter);
        Assert.Equal(1u, next.RestartCount);
        Assert.Equal(next.StartAfter, swarm.NextDeadline);

        swarm.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Empty(swarm.Running("web"));
        swarm.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(next.Id, Assert.Single(swarm.Running("web")).Id);
    }

    [Fact]
    public void Quick_failures_in_a_row_double_the_delay_up_to_a_minute()
    {
        var swarm = Running();
        var delays = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            swarm.Advance(TimeSpan.FromSeconds(1));
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            var next = swarm.Slot("web", 1);
            delays.Add((next.StartAfter!.Value - next.CreatedAt).TotalSeconds);
            swarm.Advance(next.StartAfter.Value - swarm.Now);
        }

        Assert.Equal([5, 10, 20, 40, 60, 60, 60], delays);
        Assert.Equal(7u, swarm.Slot("web", 1).RestartCount);
    }

    [Fact]
    public void Without_a_delay_the_first_restart_is_at_once_and_the_next_ones_back_off_from_a_second()
    {
        var swarm = Running(RestartPolicy.Default with { Delay = TimeSpan.Zero });
        var delays = new List<double>();
        for (var i = 0; i < 4; i++)
        {
            swarm.Advance(TimeSpan.FromSeconds(1));
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            var next = swarm.Slot("web", 1);
            delays.Add(((next.StartAfter ?? next.CreatedAt) - next.CreatedAt).TotalSeconds);
            swarm.Advance(TimeSpan.FromSeconds(delays[^1]));
        }

        Assert.Equal([0, 1, 2, 4], delays);
    }

    [Fact]
    public void A_delay_longer_than_the_cap_stays_as_it_is()
    {
        var swarm = Running(RestartPolicy.Default with { Delay = TimeSpan.FromMinutes(3) });
        for (var i = 0; i < 3; i++)
        {
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            var next = swarm.Slot("web", 1);
            Assert.Equal(TimeSpan.FromMinutes(3), next.StartAfter - next.CreatedAt);
            swarm.Advance(TimeSpan.FromMinutes(3));
        }
    }

    [Fact]
    public void A_task_that_lasted_a_minute_starts_the_series_again()
    {
        var swarm = Running();
        for (var i = 0; i < 3; i++)
        {
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            swarm.Advance(swarm.Slot("web", 1).StartAfter!.Value - swarm.Now);
        }
        swarm.Advance(TimeSpan.FromMinutes(1));

        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();

        var next = swarm.Slot("web", 1);
        Assert.Equal(TimeSpan.FromSeconds(5), next.StartAfter - next.CreatedAt);
        Assert.Equal(4u, next.RestartCount);
    }

    [Fact]
    public void A_new_leader_goes_on_with_delay_and_back_off()
    {
        var swarm = Running();
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(9));
        var waiting = swarm.Slot("web", 1);

        swarm.ChangeLeader();
        swarm.Converge();

        Assert.Equal(waiting, swarm.Slot("web", 1));
        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(1), swarm.NextDeadline);
        swarm.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(waiting.Id, Assert.Single(swarm.Running("web")).Id);
        swarm.Fail(waiting);
        swarm.Converge();
        Assert.Equal(TimeSpan.FromSeconds(20), swarm.Slot("web", 1).StartAfter - swarm.Slot("web", 1).CreatedAt);
    }

    [Theory]
    [InlineData(RestartCondition.Any, TaskState.Complete, true)]
    [InlineData(RestartCondition.Any, TaskState.Failed, true)]
    [InlineData(RestartCondition.Any, TaskState.Rejected, true)]
    [InlineData(RestartCondition.OnFailure, TaskState.Complete, false)]
    [InlineData(RestartCondition.OnFailure, TaskState.Failed, true)]
    [InlineData(RestartCondition.OnFailure, TaskState.Rejected, true)]
    [InlineData(RestartCondition.None, TaskState.Complete, false)]
    [InlineData(RestartCondition.None, TaskState.Failed, false)]
    public void The_condition_decides_whether_a_task_is_replaced(RestartCondition condition, TaskState end, bool replaced)
    {
        var swarm = Running(RestartPolicy.Default with { Condition = condition });
        var task = swarm.Slot("web", 1);

        swarm.Observe(task, end);
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(TaskState.Shutdown, swarm.Task(task.Id).DesiredState);
        Assert.Equal(replaced ? 1 : 0, swarm.Running("web").Count);
        Assert.Equal(replaced ? 2 : 1, swarm.Tasks("web").Count);
    }

    [Fact]
    public void After_the_most_attempts_a_slot_stays_finished()
    {
        var swarm = Running(RestartPolicy.Default with { MaxAttempts = 2 });
        for (var i = 0; i < 3; i++)
        {
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            swarm.Advance(TimeSpan.FromMinutes(3));
        }
        Assert.Empty(swarm.Active("web"));
        Assert.Equal(3, swarm.Tasks("web").Count);

        swarm.ChangeLeader();
        swarm.Converge();
        swarm.Scale("web", 2);
        swarm.Converge();

        Assert.Equal(2u, Assert.Single(swarm.Running("web")).Slot);
    }

    [Fact]
    public void Within_a_window_only_recent_attempts_count()
    {
        var swarm = Running(RestartPolicy.Default with { MaxAttempts = 2, Window = TimeSpan.FromMinutes(10) });
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(11));
        for (var i = 0; i < 2; i++)
        {
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            swarm.Advance(TimeSpan.FromMinutes(2));
            Assert.Single(swarm.Running("web"));
        }

        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        Assert.Empty(swarm.Active("web"));
    }

    /// <summary>The back-off takes 1, 2, 4 … s: it would spread the attempts over any window.</summary>
    [Fact]
    public void The_waits_of_the_back_off_are_no_time_of_the_window()
    {
        var swarm = Running(RestartPolicy.Default with { Delay = TimeSpan.Zero, MaxAttempts = 4, Window = TimeSpan.FromSeconds(10) });
        for (var i = 0; i < 5; i++)
        {
            Assert.Single(swarm.Running("web"));
            swarm.Advance(TimeSpan.FromSeconds(1));
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            swarm.Advance(swarm.NextDeadline - swarm.Now ?? TimeSpan.Zero);
        }

        Assert.Empty(swarm.Active("web"));
        Assert.True(Convergence.OfService(swarm.State, swarm["web"].Id).Stuck);
    }

    [Theory]
    [InlineData(2, 1, false)]
    [InlineData(2, 4, true)]
    public void The_delay_of_the_policy_and_the_time_that_tasks_last_are_time_of_the_window(int delay, int lasts, bool goesOn)
    {
        // Attempts are 3 s or 6 s apart without the back-off: three or one of them fall into 10 s.
        var policy = new RestartPolicy
        {
            Delay = TimeSpan.FromSeconds(delay),
            MaxAttempts = 3,
            Window = TimeSpan.FromSeconds(10),
        };
        var swarm = Running(policy);
        for (var i = 0; i < 10; i++)
        {
            swarm.Advance(TimeSpan.FromSeconds(lasts));
            if (swarm.Active("web").Count == 0)
            {
                break;
            }
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            if (swarm.Active("web").Count > 0)
            {
                swarm.Advance(swarm.NextDeadline!.Value - swarm.Now);
            }
        }

        Assert.Equal(goesOn ? 1 : 0, swarm.Active("web").Count);
    }

    [Fact]
    public void A_lost_node_is_no_attempt_and_no_failure()
    {
        var swarm = Running(RestartPolicy.Default with { MaxAttempts = 1 }, nodes: 2);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        var lost = swarm.Slot("web", 1);
        Assert.Equal(1u, lost.RestartCount);

        swarm.SetState(lost.NodeId!, NodeState.Down);
        swarm.Converge();

        var next = Assert.Single(swarm.Running("web"));
        Assert.NotEqual(lost.NodeId, next.NodeId);
        Assert.Equal((1u, null), (next.RestartCount, next.StartAfter));
    }

    [Fact]
    public void A_task_rejected_while_it_waits_is_replaced_only_when_its_time_has_come()
    {
        var swarm = Running();
        swarm.Observe(swarm.Slot("web", 1), TaskState.Rejected, "No such image: redis:1");
        swarm.Settle();
        var waiting = swarm.Slot("web", 1);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.Observe(waiting, TaskState.Rejected, "No such image: redis:1");
        swarm.Settle();
        Assert.Equal((TaskState.Ready, TaskState.Rejected), (swarm.Slot("web", 1).DesiredState, swarm.Slot("web", 1).Status.State));
        Assert.Equal(2, swarm.Tasks("web").Count);
        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(4), swarm.NextDeadline);

        swarm.Time.Advance(TimeSpan.FromSeconds(4));
        swarm.Settle();
        var next = swarm.Slot("web", 1);
        Assert.NotEqual(waiting.Id, next.Id);
        Assert.Equal(TimeSpan.FromSeconds(10), next.StartAfter - next.CreatedAt);
    }

    [Fact]
    public void A_task_stopped_on_request_is_replaced_at_once()
    {
        var swarm = Running();
        var stopped = swarm.Slot("web", 1);

        swarm.Apply(new Swarm.Core.State.StateChange.TaskDesire(stopped.Id, TaskState.Shutdown));
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, swarm.Task(stopped.Id).Status.State);
        Assert.NotEqual(stopped.Id, Assert.Single(swarm.Running("web")).Id);
    }

    [Fact]
    public void A_restart_uses_the_policy_that_the_task_was_made_with()
    {
        var swarm = Running(RestartPolicy.Default with { Delay = TimeSpan.FromSeconds(2) });
        swarm.SetState("node1", NodeState.Disconnected);
        swarm.Update("web", s => s with { Restart = s.Restart with { Delay = TimeSpan.FromSeconds(9) } });
        swarm.Fail(swarm.Slot("web", 1));

        swarm.Settle();

        var next = swarm.Slot("web", 1);
        Assert.Equal((2ul, 0u), (next.Revision, next.RestartCount));
        Assert.Equal(TimeSpan.FromSeconds(2), next.StartAfter - next.CreatedAt);
    }

    [Fact]
    public void A_restart_whose_delay_is_over_before_it_has_a_node_is_still_that_restart()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Restart = RestartPolicy.Default with { MaxAttempts = 1 } });
        swarm.Converge();
        swarm.SetAvailability("node1", NodeAvailability.Pause);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        var restart = swarm.Slot("web", 1);
        Assert.Equal((TaskState.Pending, TaskState.Ready, 1u), (restart.Status.State, restart.DesiredState, restart.RestartCount));

        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((restart.Id, TaskState.Running), (swarm.Slot("web", 1).Id, swarm.Slot("web", 1).DesiredState));

        swarm.SetAvailability("node1", NodeAvailability.Active);
        swarm.Converge();
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(swarm.Active("web"));
    }
}
