using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Tests.Orchestration;

namespace Swarm.Core.Tests.Timing;

/// <summary>The manager's wall clock is set while something waits. Every wait takes its own delay, whatever the clock says.</summary>
public class ClockStepTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    /// <summary>Hours by which the clock is set.</summary>
    public static TheoryData<double> Steps => [-200, -1, -0.0001, 0.0001, 1, 200];

    private static void Step(TestSwarm swarm, double hours) => swarm.Clock.Step(TimeSpan.FromHours(hours));

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_restart_comes_after_its_delay(double hours)
    {
        var swarm = UpdateScene.Running(1);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        var next = swarm.Slot("web", 1);
        Step(swarm, hours);
        swarm.Converge();

        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(5), swarm.NextDeadline);
        swarm.Advance(TimeSpan.FromSeconds(5) - Tick);
        Assert.Empty(swarm.Running("web"));
        swarm.Advance(Tick);
        Assert.Equal(next.Id, Assert.Single(swarm.Running("web")).Id);
    }

    [Fact]
    public void A_new_leader_whose_clock_is_ahead_gives_no_task_of_a_lost_node_up_before_its_time()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.GlobalSpec("web"));
        swarm.Converge();
        swarm.SetState("node1", NodeState.Down);
        swarm.Converge();
        Step(swarm, 30);
        swarm.ChangeLeader();
        swarm.Advance(TimeSpan.FromHours(23));
        Assert.DoesNotContain(swarm.Tasks("web"), t => t.Status.State == TaskState.Orphaned);
        swarm.Advance(TimeSpan.FromHours(2));
        Assert.Contains(swarm.Tasks("web"), t => t.Status.State == TaskState.Orphaned);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_new_task_has_the_time_of_the_clock_and_its_slot_keeps_its_order(double hours)
    {
        var swarm = UpdateScene.Running(1);
        swarm.SetHistoryLimit(3);
        var ids = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var task = swarm.Slot("web", 1);
            ids.Add(task.Id);
            Step(swarm, i % 2 == 0 ? hours : -hours / 2);
            swarm.Fail(task);
            swarm.Converge();
            Assert.Equal(swarm.Now, swarm.Slot("web", 1).CreatedAt);
            Assert.Equal((uint)i + 1, swarm.Slot("web", 1).RestartCount);
            swarm.Advance(TimeSpan.FromMinutes(1));
        }

        // The oldest have gone, not those with the earliest times.
        Assert.Equal([ids[4], ids[5], swarm.Slot("web", 1).Id], swarm.Tasks("web").Select(t => t.Id));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void An_update_waits_for_its_delay_and_its_monitor_period(double hours)
    {
        var config = UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10), Monitor = TimeSpan.FromSeconds(30) };
        var swarm = UpdateScene.Running(2, config);
        swarm.SetImage("web", "redis:2");
        Step(swarm, hours);
        swarm.Converge();
        Assert.Equal([2ul, 1ul], UpdateScene.Revisions(swarm));

        swarm.Advance(TimeSpan.FromSeconds(4));
        Step(swarm, hours);
        swarm.Advance(TimeSpan.FromSeconds(6) - Tick);
        Assert.Equal([2ul, 1ul], UpdateScene.Revisions(swarm));
        swarm.Advance(Tick);
        Assert.Equal([2ul, 2ul], UpdateScene.Revisions(swarm));

        Step(swarm, -hours);
        swarm.Advance(TimeSpan.FromSeconds(40) - Tick);
        Assert.Equal(UpdateState.Updating, UpdateScene.Status(swarm).State);
        swarm.Advance(Tick);
        Assert.Equal(UpdateState.Completed, UpdateScene.Status(swarm).State);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_failure_within_the_monitor_period_counts_and_a_later_one_does_not(double hours)
    {
        foreach (var (after, state) in new[] { (4, UpdateState.Paused), (6, UpdateState.Updating) })
        {
            var config = UpdateConfig.Default with { Delay = TimeSpan.FromMinutes(1), Monitor = TimeSpan.FromSeconds(5) };
            var swarm = UpdateScene.Running(2, config);
            swarm.SetImage("web", "redis:2");
            swarm.Converge();
            swarm.Advance(TimeSpan.FromSeconds(after));
            Step(swarm, hours);

            swarm.Fail(Assert.Single(swarm.Running("web"), t => t.Revision == 2));
            swarm.Converge();

            Assert.Equal(state, UpdateScene.Status(swarm).State);
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_task_that_does_not_stop_is_waited_for_as_long_as_ever(double hours)
    {
        var swarm = UpdateScene.Running(1, nodes: 2);
        var stuck = Assert.Single(swarm.Running("web"));
        swarm.SetAvailability(stuck.NodeId!, NodeAvailability.Drain);
        swarm.Converge(t => t.Id != stuck.Id);
        Step(swarm, hours);

        swarm.Advance(TimeSpan.FromSeconds(70) - Tick, t => t.Id != stuck.Id);
        Assert.Empty(swarm.Running("web"));
        swarm.Advance(Tick, t => t.Id != stuck.Id);
        Assert.Single(swarm.Running("web"));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void The_tasks_of_a_node_are_given_up_after_a_day(double hours)
    {
        var swarm = UpdateScene.Running(2, nodes: 2);
        var lost = Assert.Single(swarm.Running("web"), t => t.NodeId == "node2");
        swarm.SetState("node2", NodeState.Down);
        swarm.Converge();
        Step(swarm, hours);
        swarm.Advance(TimeSpan.FromHours(24) - Tick);
        Assert.Equal(TaskState.Running, swarm.Task(lost.Id).Status.State);

        swarm.Advance(Tick);
        Assert.Equal(TaskState.Orphaned, swarm.Task(lost.Id).Status.State);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_series_of_restarts_begins_anew_after_a_minute_and_not_before(double hours)
    {
        foreach (var (lasted, delay) in new[] { (59, 20), (60, 5) })
        {
            var swarm = UpdateScene.Running(1);
            for (var i = 0; i < 2; i++)
            {
                swarm.Fail(swarm.Slot("web", 1));
                swarm.Converge();
                swarm.Advance(TimeSpan.FromSeconds(5 << i));
            }
            Step(swarm, hours);
            swarm.Advance(TimeSpan.FromSeconds(lasted));

            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();

            var next = swarm.Slot("web", 1);
            Assert.Equal(TimeSpan.FromSeconds(delay), next.StartAfter - next.CreatedAt);
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_node_is_avoided_for_five_minutes_after_five_failures(double hours)
    {
        var swarm = UpdateScene.Running(1, nodes: 2);
        swarm.Update("web", s => s with { Restart = s.Restart with { Delay = TimeSpan.Zero }, ForceUpdate = 1 });
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(10));
        swarm.SetAvailability("node2", NodeAvailability.Pause);
        if (swarm.Slot("web", 1).NodeId == "node2")
        {
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
        }
        for (var i = 0; i < 5; i++)
        {
            swarm.Fail(Assert.Single(swarm.Running("web"), t => t.NodeId == "node1"));
            swarm.Converge();
            swarm.Advance(TimeSpan.FromSeconds(20));
        }
        Step(swarm, hours);
        swarm.SetAvailability("node2", NodeAvailability.Active);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("node2", Assert.Single(swarm.Running("web")).NodeId);

        swarm.Advance(TimeSpan.FromMinutes(6));
        swarm.Apply(new StateChange.TaskDesire(swarm.Slot("web", 1).Id, TaskState.Shutdown));
        swarm.Converge();
        Assert.Equal("node1", Assert.Single(swarm.Running("web")).NodeId);
    }

    [Fact]
    public void A_new_leader_whose_clock_is_behind_waits_for_no_more_than_the_delay()
    {
        var swarm = UpdateScene.Running(1);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(2));

        Step(swarm, -3);
        swarm.ChangeLeader();
        swarm.Converge();

        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(5), swarm.NextDeadline);
        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.Single(swarm.Running("web"));
    }

    [Fact]
    public void A_new_leader_whose_clock_is_ahead_ends_the_waits_that_it_finds_and_no_later_one()
    {
        var swarm = UpdateScene.Running(1);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();

        Step(swarm, 3);
        swarm.ChangeLeader();
        swarm.Converge();
        Assert.Single(swarm.Running("web"));

        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(swarm.Slot("web", 1).StartAfter!.Value - swarm.Slot("web", 1).CreatedAt - Tick);
        Assert.Empty(swarm.Running("web"));
        swarm.Advance(Tick);
        Assert.Single(swarm.Running("web"));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_new_leader_starts_nothing_beside_a_task_that_is_stopping(double hours)
    {
        var swarm = UpdateScene.Running(1, nodes: 2);
        var stuck = Assert.Single(swarm.Running("web"));
        swarm.SetAvailability(stuck.NodeId!, NodeAvailability.Drain);
        swarm.Converge(t => t.Id != stuck.Id);
        swarm.Advance(TimeSpan.FromSeconds(30), t => t.Id != stuck.Id);

        Step(swarm, hours);
        swarm.ChangeLeader();
        swarm.Converge(t => t.Id != stuck.Id);
        swarm.Advance(TimeSpan.FromSeconds(70) - Tick, t => t.Id != stuck.Id);
        Assert.Empty(swarm.Running("web"));
        swarm.Advance(Tick, t => t.Id != stuck.Id);
        Assert.Single(swarm.Running("web"));
    }

    [Fact]
    public void A_manager_that_leads_again_keeps_the_waits_that_it_saw_begin()
    {
        var swarm = UpdateScene.Running(1);
        Step(swarm, -1);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(3));
        Step(swarm, -1);

        swarm.Loop.Lead();
        swarm.Loop.Reset();
        swarm.Converge();

        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(2), swarm.NextDeadline);
    }

    [Fact]
    public void Old_failures_do_not_come_into_the_window_of_attempts_when_the_clock_is_set_back()
    {
        var policy = RestartPolicy.Default with { Delay = TimeSpan.Zero, MaxAttempts = 3, Window = TimeSpan.FromSeconds(10) };
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Restart = policy });
        swarm.Converge();
        for (var i = 0; i < 8; i++)
        {
            swarm.Advance(TimeSpan.FromMinutes(10));
            Step(swarm, i % 2 == 0 ? -4 : 2);
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            swarm.Advance(TimeSpan.FromMinutes(1));
            Assert.Single(swarm.Running("web"));
        }
    }
}
