using Swarm.Core.Model;
using Swarm.Core.State;
using static Swarm.Core.Tests.Orchestration.UpdateScene;

namespace Swarm.Core.Tests.Orchestration;

public class UpdateTests
{
    [Fact]
    public void One_at_a_time_the_lowest_slot_first_the_old_task_stopped_first()
    {
        var swarm = Running(3);
        var old = swarm.Active("web").ConvertAll(t => t.Id);
        var startedAt = swarm.Now;

        swarm.SetImage("web", "redis:2");
        swarm.Settle();

        Assert.Equal((UpdateState.Updating, "update in progress"), (Status(swarm).State, Status(swarm).Message));
        Assert.Equal((startedAt, 3ul, 1ul), (Status(swarm).StartedAt, Status(swarm).Progress.Total, Status(swarm).Progress.FromRevision));
        Assert.Equal([2ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal((TaskState.Shutdown, TaskState.Running), (swarm.Task(old[0]).DesiredState, swarm.Task(old[0]).Status.State));
        Assert.Equal(TaskState.Ready, swarm.Slot("web", 1).DesiredState);

        swarm.Converge(t => t.Id == old[0] || t.Status.State > TaskState.Running || t.DesiredState <= TaskState.Ready);
        Assert.Equal(TaskState.Shutdown, swarm.Task(old[0]).Status.State);
        Assert.Equal(TaskState.Running, swarm.Slot("web", 1).DesiredState);
        Assert.Equal([2ul, 1ul, 1ul], Revisions(swarm));

        swarm.Converge();
        Assert.Equal([2ul, 2ul, 2ul], Revisions(swarm));
        Assert.Equal(3, swarm.Running("web").Count);
    }

    [Fact]
    public void It_is_complete_a_monitor_period_after_the_last_task_runs()
    {
        var swarm = Running(2);
        swarm.SetImage("web", "redis:2");
        swarm.Converge();

        swarm.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Equal(UpdateState.Updating, Status(swarm).State);
        swarm.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(
            (UpdateState.Completed, "update completed", swarm.Now),
            (Status(swarm).State, Status(swarm).Message, Status(swarm).CompletedAt)
        );
        Assert.False(swarm.Loop.HasWork);
    }

    [Fact]
    public void The_delay_comes_after_each_task_the_last_included_and_lengthens_the_monitor()
    {
        // Docker: 3 tasks, delay 10 s, monitor 5 s take 3 × 10 s and another 11 s, plus the time of stopping and starting.
        var swarm = Running(3, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        var took = new List<double>();
        for (var i = 1; i <= 3; i++)
        {
            took.Add((swarm.Now - Status(swarm).StartedAt).TotalSeconds);
            Assert.Equal(i, swarm.Running("web").Count(t => t.Revision == 2));
            swarm.Advance(swarm.NextDeadline!.Value - swarm.Now);
        }
        Assert.Equal([0, 10, 20], took);
        Assert.Equal(UpdateState.Updating, Status(swarm).State);

        swarm.Advance(TimeSpan.FromSeconds(11) - TimeSpan.FromTicks(1));
        Assert.Equal(UpdateState.Updating, Status(swarm).State);
        swarm.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
        Assert.Equal(TimeSpan.FromSeconds(41), Status(swarm).CompletedAt - Status(swarm).StartedAt);
    }

    [Theory]
    [InlineData(1ul, 1)]
    [InlineData(2ul, 2)]
    [InlineData(4ul, 4)]
    [InlineData(0ul, 6)]
    public void Parallelism_says_how_many_slots_are_under_way(ulong parallelism, int underWay)
    {
        var swarm = Running(6, UpdateConfig.Default with { Parallelism = parallelism });

        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);

        Assert.Equal(underWay, swarm.Active("web").Count(t => t.Revision == 2));
        Assert.Equal(6 - underWay, swarm.Running("web").Count(t => t.Revision == 1));
    }

    [Fact]
    public void Start_first_keeps_the_old_task_until_the_new_one_runs()
    {
        var swarm = Running(2, AtOnce with { Order = UpdateOrder.StartFirst });
        var old = swarm.Active("web").ConvertAll(t => t.Id);

        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        Assert.Equal([1ul, 2ul, 1ul, 2ul], Revisions(swarm));
        Assert.All(swarm.Active("web"), t => Assert.Equal(TaskState.Running, t.DesiredState));
        Assert.Equal(old, swarm.Running("web").ConvertAll(t => t.Id));

        swarm.Converge();
        Assert.Equal([2ul, 2ul], Revisions(swarm));
        Assert.All(old, id => Assert.Equal(TaskState.Shutdown, swarm.Task(id).Status.State));
    }

    [Fact]
    public void Start_first_does_not_keep_a_task_that_does_not_run()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Update = AtOnce with { Order = UpdateOrder.StartFirst } });
        swarm.Converge(_ => false);
        var old = swarm.Slot("web", 1);
        Assert.Equal(TaskState.Assigned, old.Status.State);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.SetImage("web", "redis:2");
        swarm.Settle();

        Assert.Equal(TaskState.Shutdown, swarm.Task(old.Id).DesiredState);
        Assert.Equal([2ul], Revisions(swarm));
    }

    [Fact]
    public void A_new_leader_resumes_between_two_slots()
    {
        var swarm = Running(3, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(4));

        swarm.ChangeLeader();
        swarm.Converge();
        Assert.Equal([2ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal(swarm.Now + TimeSpan.FromSeconds(6), swarm.NextDeadline);

        swarm.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal([2ul, 2ul, 1ul], Revisions(swarm));
        swarm.ChangeLeader();
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(TimeSpan.FromSeconds(41), Status(swarm).CompletedAt - Status(swarm).StartedAt);
    }

    [Fact]
    public void A_new_spec_supersedes_an_update_and_would_roll_back_to_the_last_one_that_completed()
    {
        var swarm = Running(3, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        Assert.Equal([2ul, 1ul, 1ul], Revisions(swarm));

        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.SetImage("web", "redis:3");
        swarm.Converge();

        Assert.Equal([3ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal((3ul, 2ul, 1ul), (swarm["web"].Revision, swarm["web"].PreviousRevision, Status(swarm).Progress.FromRevision));
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([3ul, 3ul, 3ul], Revisions(swarm));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
    }

    [Fact]
    public void A_superseded_start_first_update_never_has_three_tasks_in_a_slot()
    {
        var swarm = Running(1, AtOnce with { Order = UpdateOrder.StartFirst });
        var old = swarm.Slot("web", 1);
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.SetImage("web", "redis:3");
        swarm.Converge(t => t.Revision == 1);

        Assert.Equal([1ul, 3ul], Revisions(swarm));
        Assert.Equal(old.Id, Assert.Single(swarm.Running("web")).Id);
        Assert.Equal(TaskState.Ready, swarm.Active("web")[1].DesiredState);
        swarm.Converge();
        Assert.Equal([3ul], Revisions(swarm));
    }

    [Fact]
    public void Undo_goes_back_to_the_previous_revision_with_the_rollback_policy_and_keeps_the_scale()
    {
        var swarm = Running(2, AtOnce, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(3) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        swarm.Scale("web", 3);
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.Rollback("web");
        swarm.Converge();

        Assert.Equal((UpdateState.RollbackStarted, "manually requested rollback"), (Status(swarm).State, Status(swarm).Message));
        Assert.Equal([1ul, 2ul, 2ul], Revisions(swarm));
        swarm.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([1ul, 1ul, 2ul], Revisions(swarm));
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([1ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal(UpdateState.RollbackCompleted, Status(swarm).State);
        Assert.Equal("redis:1", swarm["web"].Spec.Container.Image);
    }

    [Fact]
    public void When_placement_alone_changes_tasks_whose_node_will_do_are_kept()
    {
        var swarm = Running(3, AtOnce);
        swarm.SetLabels("node1", ValueMap.Empty.With("zone", "east"));
        swarm.SetLabels("node2", ValueMap.Empty.With("zone", "east"));
        swarm.Converge();
        var kept = swarm.Active("web").FindAll(t => t.NodeId != "node3").ConvertAll(t => t.Id);
        Assert.Equal(2, kept.Count);

        swarm.Update("web", s => s with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(UpdateState.Completed, Status(swarm).State);
        Assert.Subset(swarm.Running("web").Select(t => t.Id).ToHashSet(), kept.ToHashSet());
        Assert.All(swarm.Running("web"), t => Assert.NotEqual("node3", t.NodeId));
        Assert.Equal([1ul, 1ul, 2ul], Revisions(swarm).Order());
    }

    [Fact]
    public void A_kept_task_moves_when_its_node_no_longer_meets_the_newer_constraint()
    {
        var swarm = Running(1);
        var east = ValueMap.Empty.With("zone", "east");
        foreach (var node in new[] { "node1", "node2", "node3" })
        {
            swarm.SetLabels(node, east);
        }
        swarm.Update("web", s => s with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        swarm.Converge();
        var kept = Assert.Single(swarm.Running("web"));
        Assert.Equal((1ul, UpdateState.Completed), (kept.Revision, Status(swarm).State));

        swarm.SetLabels(kept.NodeId!, ValueMap.Empty);
        swarm.Converge();

        Assert.NotEqual(kept.NodeId, Assert.Single(swarm.Running("web")).NodeId);
    }

    [Fact]
    public void An_update_that_changes_no_task_completes_at_once()
    {
        var swarm = Running(0);

        swarm.SetImage("web", "redis:2");
        swarm.Settle();

        Assert.Equal((UpdateState.Completed, swarm.Now), (Status(swarm).State, Status(swarm).CompletedAt));
    }

    [Fact]
    public void A_finished_slot_is_updated_too()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();
        swarm.Observe(swarm.Slot("web", 1), TaskState.Complete);
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.SetImage("web", "redis:2");
        swarm.Converge();

        Assert.Equal(2ul, Assert.Single(swarm.Running("web")).Revision);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public void A_worker_whose_clock_is_wrong_does_not_change_delay_and_monitor(int minutes)
    {
        var swarm = Running(2, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10), FailureAction = FailureAction.Pause });
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        var updated = Assert.Single(swarm.Active("web"), t => t.Revision == 2);
        swarm.Converge(t => t.Revision == 1);
        var skewed = updated.Status with { State = TaskState.Running, Timestamp = swarm.Now.AddMinutes(minutes) };
        swarm.Apply(new StateChange.TaskObserve(updated.Id, skewed, swarm.Now));
        swarm.Settle();

        Assert.Equal([2ul, 1ul], Revisions(swarm));
        Assert.Equal((swarm.Now, skewed), (swarm.Task(updated.Id).RunningSince, swarm.Task(updated.Id).Status));
        Assert.Equal(swarm.Now.AddSeconds(10), swarm.NextDeadline);

        swarm.Time.Advance(TimeSpan.FromSeconds(4));
        swarm.Apply(
            new StateChange.TaskObserve(
                updated.Id,
                skewed with
                {
                    State = TaskState.Failed,
                    Timestamp = swarm.Now.AddMinutes(minutes * 2),
                },
                swarm.Now
            )
        );
        swarm.Settle();
        Assert.Equal((UpdateState.Paused, swarm.Now), (Status(swarm).State, swarm.Task(updated.Id).EndedAt));
    }

    [Theory]
    [InlineData(1ul, 1ul, 1)]
    [InlineData(3ul, 1ul, 3)]
    [InlineData(6ul, 2ul, 3)]
    public void Start_first_replaces_tasks_on_nodes_that_have_all_the_replicas_they_may_have(ulong replicas, ulong most, int nodes)
    {
        foreach (var parallelism in new ulong[] { 0, 1 })
        {
            var swarm = Running(
                replicas,
                UpdateConfig.Default with
                {
                    Order = UpdateOrder.StartFirst,
                    Parallelism = parallelism,
                },
                nodes: nodes
            );
            swarm.Update("web", s => s with { Placement = new Placement { MaxReplicasPerNode = most } });
            swarm.Converge();
            swarm.Advance(TimeSpan.FromMinutes(1));

            swarm.SetImage("web", "redis:2");
            for (var i = 0; i < 100 && Status(swarm).State == UpdateState.Updating; i++)
            {
                swarm.Settle();
                // Tasks that remain on a node once all stopping tasks have stopped never exceed the limit.
                var slots = swarm.Active("web").Where(t => t.NodeId is not null).Select(t => (t.NodeId, t.Slot)).Distinct();
                Assert.All(slots.GroupBy(s => s.NodeId), g => Assert.InRange(g.Count(), 1, (int)most));
                swarm.Converge();
                swarm.Advance(swarm.NextDeadline is { } at ? at - swarm.Now : TimeSpan.Zero);
            }

            Assert.Equal(UpdateState.Completed, Status(swarm).State);
            Assert.Equal(Enumerable.Repeat(3ul, (int)replicas), swarm.Running("web").Select(t => t.Revision));
        }
    }

    [Fact]
    public void A_lower_limit_of_replicas_is_not_evaded_by_taking_the_place_of_the_old_task()
    {
        var swarm = Running(2, AtOnce with { Order = UpdateOrder.StartFirst }, nodes: 1);

        swarm.Update(
            "web",
            s =>
                s with
                {
                    Placement = new Placement { MaxReplicasPerNode = 1 },
                    ForceUpdate = 1,
                }
        );
        swarm.Converge();

        Assert.All(swarm.Active("web").Where(t => t.Revision == 2), t => Assert.Equal(TaskState.Pending, t.Status.State));
        Assert.Equal([1ul, 1ul], swarm.Running("web").Select(t => t.Revision));
        swarm.AddNode("node2");
        swarm.Converge();
        Assert.Equal(["node1", "node2"], swarm.Running("web").Select(t => t.NodeId!).Order(StringComparer.Ordinal));
        Assert.Equal([2ul, 2ul], swarm.Running("web").Select(t => t.Revision));
    }
}
