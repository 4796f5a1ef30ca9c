using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using static Swarm.Core.Tests.Orchestration.UpdateScene;

namespace Swarm.Core.Tests.Orchestration;

public class UpdateFailureTests
{
    [Fact]
    public void A_failure_pauses_and_nothing_more_is_replaced_until_a_new_spec()
    {
        var swarm = Running(3);
        swarm.SetImage("web", "redis:bad");
        swarm.Settle();
        var failed = swarm.Slot("web", 1);

        ConvergeWithBad(swarm, 2);

        Assert.Equal(UpdateState.Paused, Status(swarm).State);
        Assert.Equal($"update paused due to failure or early termination of task {failed.Id}", Status(swarm).Message);
        Assert.Null(Status(swarm).CompletedAt);
        Assert.Equal(1ul, Status(swarm).Progress.Failed);
        Assert.Equal([2ul, 1ul, 1ul], Revisions(swarm));

        swarm.Scale("web", 4);
        swarm.Update("web", s => s with { Labels = ValueMap.Empty.With("a", "b") });
        swarm.ChangeLeader();
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(UpdateState.Paused, Status(swarm).State);
        Assert.Equal([2ul, 1ul, 1ul, 2ul], Revisions(swarm));

        swarm.SetImage("web", "redis:3");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
        Assert.Equal([3ul, 3ul, 3ul, 3ul], Revisions(swarm));
    }

    [Fact]
    public void A_paused_update_goes_on_when_its_policy_changes()
    {
        var swarm = Running(2);
        swarm.SetImage("web", "redis:bad");
        ConvergeWithBad(swarm, 2);
        Assert.Equal(UpdateState.Paused, Status(swarm).State);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.Update("web", s => s with { Update = s.Update with { FailureAction = FailureAction.Continue } });
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((UpdateState.Completed, 1ul), (Status(swarm).State, Status(swarm).Progress.FromRevision));
        Assert.Equal([2ul, 2ul], Revisions(swarm));
    }

    [Fact]
    public void A_failure_rolls_back_to_the_revision_the_update_came_from()
    {
        var swarm = Running(3, UpdateConfig.Default with { FailureAction = FailureAction.Rollback });
        var kept = swarm.Active("web").Where(t => t.Slot > 1).Select(t => t.Id).ToList();
        swarm.Scale("web", 4);
        swarm.Converge();
        var startedAt = swarm.Now;
        swarm.SetImage("web", "redis:bad");
        swarm.Settle();
        var failed = swarm.Slot("web", 1);
        swarm.Converge(t => t.Revision == 1);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.Fail(failed);
        swarm.Settle();

        Assert.Equal(UpdateState.RollbackStarted, Status(swarm).State);
        Assert.Equal($"update rolled back due to failure or early termination of task {failed.Id}", Status(swarm).Message);
        Assert.Equal((startedAt, 1ul, 2ul), (Status(swarm).StartedAt, swarm["web"].Revision, swarm["web"].PreviousRevision));
        Assert.Equal("redis:1", swarm["web"].Spec.Container.Image);
        Assert.Equal(new ServiceMode.Replicated(4), swarm["web"].Spec.Mode);

        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((UpdateState.RollbackCompleted, "rollback completed"), (Status(swarm).State, Status(swarm).Message));
        Assert.Equal([1ul, 1ul, 1ul, 1ul], Revisions(swarm));
        Assert.Subset(swarm.Running("web").Select(t => t.Id).ToHashSet(), kept.ToHashSet());
    }

    [Fact]
    public void A_rollback_that_fails_is_paused()
    {
        var swarm = Running(
            2,
            AtOnce with
            {
                FailureAction = FailureAction.Rollback,
            },
            UpdateConfig.Default with
            {
                FailureAction = FailureAction.Rollback,
            }
        );
        swarm.SetImage("web", "redis:bad");
        ConvergeWithBad(swarm, 2);
        Assert.Equal(UpdateState.RollbackStarted, Status(swarm).State);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        var failed = swarm.Active("web").Find(t => t.Revision == 1 && t.CreatedAt >= Status(swarm).StartedAt)!;

        swarm.Fail(failed);
        swarm.Settle();

        Assert.Equal(UpdateState.RollbackPaused, Status(swarm).State);
        Assert.Equal($"rollback paused due to failure or early termination of task {failed.Id}", Status(swarm).Message);
    }

    /// <summary>When the rollback has completed, the message says so, and nothing else tells what went wrong.</summary>
    [Fact]
    public void The_status_keeps_the_task_that_failed_and_why_until_the_next_update()
    {
        var swarm = Running(3, UpdateConfig.Default with { FailureAction = FailureAction.Rollback });
        swarm.SetImage("web", "redis:bad");
        swarm.Converge(t => t.Revision == 1);
        var failed = swarm.Slot("web", 1);
        Assert.Null(Status(swarm).Failure);
        swarm.Observe(failed, TaskState.Rejected, "No such image: redis:bad");
        swarm.Settle();
        Assert.Equal(
            (UpdateState.RollbackStarted, new UpdateFailure(failed.Id, "No such image: redis:bad")),
            (Status(swarm).State, Status(swarm).Failure)
        );

        swarm.ChangeLeader();
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(
            (UpdateState.RollbackCompleted, new UpdateFailure(failed.Id, "No such image: redis:bad")),
            (Status(swarm).State, Status(swarm).Failure)
        );
        swarm.Scale("web", 4);
        Assert.Equal(failed.Id, Status(swarm).Failure!.TaskId);

        swarm.SetImage("web", "redis:2");
        Assert.Equal((UpdateState.Updating, null), (Status(swarm).State, Status(swarm).Failure));
        swarm.Rollback("web");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((UpdateState.RollbackCompleted, null), (Status(swarm).State, Status(swarm).Failure));
    }

    [Fact]
    public void A_paused_update_and_a_paused_rollback_keep_it_too()
    {
        var swarm = Running(2, AtOnce with { FailureAction = FailureAction.Rollback });
        swarm.SetImage("web", "redis:bad");
        swarm.Converge(t => t.Revision == 1);
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge(t => t.DesiredState > TaskState.Running);
        // It ended with 0, which is too early all the same.
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        var back = swarm.Active("web").Find(t => t.Revision == 1 && t.Update == Status(swarm).Number)!;
        swarm.Observe(back, TaskState.Complete);
        swarm.Settle();
        Assert.Equal(
            (UpdateState.RollbackPaused, new UpdateFailure(back.Id, "the task has ended (Complete)")),
            (Status(swarm).State, Status(swarm).Failure)
        );

        swarm = Running(2);
        swarm.SetImage("web", "redis:bad");
        ConvergeWithBad(swarm, 2);
        Assert.Equal((UpdateState.Paused, "task: non-zero exit (1)"), (Status(swarm).State, Status(swarm).Failure?.Error));
    }

    [Fact]
    public void Continue_goes_through_all_slots_and_completes()
    {
        var swarm = Running(3, UpdateConfig.Default with { FailureAction = FailureAction.Continue });
        swarm.SetImage("web", "redis:bad");

        ConvergeWithBad(swarm, 2);
        Assert.Equal(UpdateState.Updating, Status(swarm).State);
        Assert.Equal([2ul, 2ul, 2ul], Revisions(swarm));
        swarm.Time.Advance(TimeSpan.FromSeconds(5));
        ConvergeWithBad(swarm, 2);

        Assert.Equal((UpdateState.Completed, 3ul), (Status(swarm).State, Status(swarm).Progress.Failed));
    }

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(0.25, 2)]
    [InlineData(0.5, 3)]
    [InlineData(1.0, 0)]
    public void Up_to_the_failure_ratio_failures_are_tolerated(double ratio, int failuresUntilPaused)
    {
        var swarm = Running(4, AtOnce with { MaxFailureRatio = ratio });
        swarm.SetImage("web", "redis:bad");
        swarm.Converge();
        var failures = 0;
        foreach (var task in swarm.Running("web"))
        {
            swarm.Time.Advance(TimeSpan.FromMilliseconds(10));
            swarm.Fail(task);
            swarm.Settle();
            failures++;
            if (Status(swarm).State == UpdateState.Paused)
            {
                break;
            }
        }

        Assert.Equal(failuresUntilPaused == 0 ? 4 : failuresUntilPaused, failures);
        Assert.Equal(failuresUntilPaused == 0 ? UpdateState.Updating : UpdateState.Paused, Status(swarm).State);
    }

    [Fact]
    public void A_task_that_fails_after_its_monitor_period_does_not_count()
    {
        var swarm = Running(2, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(30) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(6));

        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal((UpdateState.Completed, 0ul), (Status(swarm).State, Status(swarm).Progress.Failed));
    }

    [Fact]
    public void A_failure_of_an_old_task_does_not_count_and_its_slot_goes_over_to_the_new_revision()
    {
        var swarm = Running(3, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(30) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        Assert.Equal([2ul, 1ul, 1ul], Revisions(swarm));

        swarm.Fail(swarm.Slot("web", 3));
        swarm.Converge();

        Assert.Equal([2ul, 1ul, 2ul], Revisions(swarm));
        Assert.Equal((UpdateState.Updating, 0ul), (Status(swarm).State, Status(swarm).Progress.Failed));
    }

    [Fact]
    public void A_new_leader_remembers_failures()
    {
        var swarm = Running(4, UpdateConfig.Default with { MaxFailureRatio = 0.25, Delay = TimeSpan.FromSeconds(1) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();
        Assert.Equal((UpdateState.Updating, 1ul), (Status(swarm).State, Status(swarm).Progress.Failed));

        swarm.ChangeLeader();
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(1));
        swarm.Fail(swarm.Slot("web", 2));
        swarm.Settle();

        Assert.Equal((UpdateState.Paused, 2ul), (Status(swarm).State, Status(swarm).Progress.Failed));
    }

    [Fact]
    public void A_node_lost_during_an_update_does_not_count_as_a_failure()
    {
        var swarm = Running(3, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();

        swarm.SetState(swarm.Slot("web", 1).NodeId!, NodeState.Down);
        swarm.Converge();

        Assert.Equal((UpdateState.Updating, 0ul), (Status(swarm).State, Status(swarm).Progress.Failed));
        Assert.Equal(2ul, swarm.Slot("web", 1).Revision);
        swarm.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([2ul, 2ul, 2ul], Revisions(swarm));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
    }

    [Theory]
    [InlineData(RestartCondition.None, 0ul, TaskState.Failed)]
    [InlineData(RestartCondition.OnFailure, 0ul, TaskState.Complete)]
    [InlineData(RestartCondition.Any, 1ul, TaskState.Failed)]
    public void A_start_first_update_that_goes_on_tries_each_slot_once_and_keeps_its_old_task(
        RestartCondition condition,
        ulong maxAttempts,
        TaskState end
    )
    {
        var swarm = Running(2, UpdateConfig.Default with { FailureAction = FailureAction.Continue, Order = UpdateOrder.StartFirst });
        var old = swarm.Active("web").ConvertAll(t => t.Id);
        swarm.Update(
            "web",
            s =>
                s with
                {
                    Container = s.Container with { Image = "redis:bad" },
                    Restart = s.Restart with { Condition = condition, MaxAttempts = maxAttempts },
                }
        );
        var ended = EndEveryNew(swarm, end);

        Assert.Equal(2 * (1 + (int)maxAttempts), ended);
        Assert.Equal((UpdateState.Completed, 2ul), (Status(swarm).State, Status(swarm).Progress.Failed));
        Assert.Equal(old, swarm.Running("web").ConvertAll(t => t.Id));
        var convergence = Convergence.OfService(swarm.State, swarm["web"].Id);
        Assert.Equal((false, true), (convergence.Converged, convergence.Stuck));

        // Nor does anything start again later, with another leader, or when history is forgotten.
        swarm.SetHistoryLimit(0);
        swarm.ChangeLeader();
        Assert.Equal(0, EndEveryNew(swarm, end));
        Assert.Equal(old, swarm.Running("web").ConvertAll(t => t.Id));

        swarm.SetImage("web", "redis:3");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([3ul, 3ul], Revisions(swarm));
        Assert.Equal(2, swarm.Running("web").Count);
    }

    [Fact]
    public void A_slot_that_fails_counts_once_and_the_others_go_on()
    {
        var swarm = Running(3, UpdateConfig.Default with { MaxFailureRatio = 0.5, Order = UpdateOrder.StartFirst });
        swarm.Update(
            "web",
            s =>
                s with
                {
                    Container = s.Container with { Image = "redis:bad" },
                    Restart = s.Restart with { Condition = RestartCondition.None },
                }
        );

        Assert.Equal(1, EndEveryNew(swarm, TaskState.Failed, slot: 1));
        Assert.Equal((UpdateState.Completed, 1ul), (Status(swarm).State, Status(swarm).Progress.Failed));
        Assert.Equal([1ul, 2ul, 2ul], Revisions(swarm));
    }

    /// <summary>For ten minutes, ends each task of revision 2 that should run before it runs; returns how many.</summary>
    /// <param name="slot">Only in this slot; 0: in all.</param>
    private static int EndEveryNew(TestSwarm swarm, TaskState end, uint slot = 0)
    {
        bool IsBad(SwarmTask task) => task.Revision == 2 && (slot == 0 || task.Slot == slot);
        var ended = 0;
        var until = swarm.Now + TimeSpan.FromMinutes(10);
        while (true)
        {
            swarm.Converge(t => !IsBad(t) || t.DesiredState > TaskState.Running);
            var next = swarm
                .Active("web")
                .Find(t => IsBad(t) && t is { DesiredState: TaskState.Running, Status.State: TaskState.Assigned });
            if (next is not null)
            {
                swarm.Observe(next, end);
                ended++;
                Assert.True(ended < 100, "it fails for ever");
            }
            else if (swarm.NextDeadline is { } at && at <= until)
            {
                swarm.Time.SetUtcNow(at > swarm.Now ? at : swarm.Now);
            }
            else
            {
                return ended;
            }
        }
    }
}
