using Swarm.Core.Model;
using Swarm.Core.State;
using static Swarm.Core.Tests.Orchestration.UpdateScene;

namespace Swarm.Core.Tests.Orchestration.Updates;

/// <summary>A user who names the image or a credential tries anew what failed, and disturbs nothing else.</summary>
public class AttemptTests
{
    private static readonly RegistryCredential Credential = new("registry", "swarm", "secret");

    private static void Reject(TestSwarm swarm, SwarmTask task) => swarm.Observe(task, TaskState.Rejected, "No such image: redis:2");

    /// <summary>Three tasks, the update of whose first slot was refused the image.</summary>
    private static TestSwarm PausedByPull(UpdateConfig? update = null)
    {
        var swarm = Running(3, update);
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        Reject(swarm, swarm.Slot("web", 1));
        swarm.Converge(t => t.Revision == 1);
        Assert.Equal(UpdateState.Paused, Status(swarm).State);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_paused_update_goes_on_and_its_rejected_task_is_made_anew(bool withCredential)
    {
        var swarm = PausedByPull();

        swarm.Attempt("web", withCredential ? Credential : null);
        swarm.Converge();

        Assert.Equal(
            (UpdateState.Updating, swarm.Now, 1ul),
            (Status(swarm).State, Status(swarm).StartedAt, Status(swarm).Progress.FromRevision)
        );
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
        Assert.Equal(3, swarm.Running("web").Count);
        Assert.All(swarm.Running("web"), t => Assert.Equal(swarm["web"].Revision, t.Revision));
        Assert.All(
            swarm.Running("web"),
            t => Assert.Equal("redis:2", swarm.State.FindRevision(t.ServiceId, t.Revision)!.Spec.Container.Image)
        );
    }

    [Fact]
    public void Without_an_image_or_a_credential_a_paused_update_stays_paused()
    {
        var swarm = PausedByPull();

        swarm.Update("web", s => s with { Labels = ValueMap.Empty.With("a", "b") });
        swarm.Converge();

        Assert.Equal(UpdateState.Paused, Status(swarm).State);
    }

    [Fact]
    public void A_paused_rollback_goes_on_as_a_rollback()
    {
        var swarm = PausedByPull(UpdateConfig.Default with { FailureAction = FailureAction.Pause });
        swarm.Rollback("web", 1);
        swarm.Settle();
        swarm.Apply(
            new StateChange.ServiceUpdateStatusSet(swarm["web"].Id, Status(swarm) with { State = UpdateState.RollbackPaused }, swarm.Now)
        );

        swarm.Attempt("web", Credential);

        Assert.Equal((UpdateState.RollbackStarted, swarm.Now), (Status(swarm).State, Status(swarm).StartedAt));
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(UpdateState.RollbackCompleted, Status(swarm).State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_service_whose_attempts_are_used_up_gets_as_many_again(bool withCredential)
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2) with { Restart = RestartPolicy.Default with { MaxAttempts = 1, Delay = TimeSpan.Zero } });
        UseUp();
        Assert.Empty(swarm.Active("web"));
        swarm.Time.Advance(TimeSpan.FromHours(1));

        swarm.Attempt("web", withCredential ? Credential : null);
        swarm.Settle();
        Assert.NotEmpty(swarm.Active("web"));
        UseUp();
        Assert.Empty(swarm.Active("web"));

        swarm.Time.Advance(TimeSpan.FromHours(1));
        swarm.Attempt("web");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, swarm.Running("web").Count);

        void UseUp()
        {
            for (var i = 0; i < 20; i++)
            {
                swarm.Settle();
                foreach (var task in swarm.Active("web").FindAll(t => t.Status.State == TaskState.Assigned))
                {
                    Reject(swarm, task);
                }
                swarm.Advance(TimeSpan.FromSeconds(10), _ => false);
            }
        }
    }

    [Fact]
    public void The_clock_that_stepped_back_does_not_hide_what_failed()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();
        var failed = swarm.Slot("web", 1);
        swarm.Apply(
            new StateChange.TaskObserve(failed.Id, failed.Status with { State = TaskState.Failed }, swarm.Now + TimeSpan.FromHours(1))
        );
        swarm.Converge();
        Assert.Empty(swarm.Active("web"));

        swarm.Attempt("web");
        swarm.Converge();

        Assert.Equal(2ul, Assert.Single(swarm.Running("web")).Revision);
    }

    [Fact]
    public void What_has_completed_is_not_run_again()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("job", 2) with { Restart = RestartPolicy.Default with { Condition = RestartCondition.OnFailure } });
        swarm.Converge();
        swarm.Observe(swarm.Slot("job", 1), TaskState.Complete);
        swarm.Converge();

        swarm.Attempt("job", Credential);
        swarm.Converge();

        Assert.Equal(2, swarm.Tasks("job").Count);
        Assert.Equal([2u], swarm.Running("job").Select(t => t.Slot));
    }

    [Fact]
    public void A_task_that_ends_after_an_attempt_is_its_restart_policys()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();
        swarm.Attempt("web", Credential);
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromHours(1));

        swarm.Fail(swarm.Slot("web", 1));
        swarm.Converge();

        Assert.Empty(swarm.Active("web"));
    }

    [Fact]
    public void A_task_that_waits_for_a_node_gets_the_credential()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.SetAvailability("node1", NodeAvailability.Drain);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.Attempt("web", Credential);
        swarm.Converge();
        swarm.SetAvailability("node1", NodeAvailability.Active);
        swarm.Converge();

        Assert.Equal([2ul, 2ul], swarm.Running("web").Select(t => t.Revision));
        Assert.Equal(Credential, swarm.State.FindRevision(swarm["web"].Id, 2)!.RegistryCredential);
    }

    [Fact]
    public void A_task_that_pulls_without_the_credential_is_made_anew_and_one_that_runs_is_not()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge(t => t.Slot == 1);
        var runs = Assert.Single(swarm.Running("web"));
        var pulls = swarm.Slot("web", 2);
        swarm.Observe(pulls, TaskState.Preparing);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.Attempt("web", Credential);
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, swarm.Task(pulls.Id).Status.State);
        Assert.Equal([1ul, 2ul], Revisions(swarm));
        Assert.Equal(runs.Id, swarm.Slot("web", 1).Id);
    }

    [Fact]
    public void Another_placement_is_a_new_attempt_too_for_a_task_that_failed()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web") with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Settle();
        Reject(swarm, swarm.Slot("web", 1));
        swarm.Settle();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.Update("web", s => s with { Placement = new Placement { Constraints = ["node.hostname==node1"] } });
        swarm.Converge();

        Assert.Equal(2ul, Assert.Single(swarm.Running("web")).Revision);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_task_that_waits_out_its_back_off_is_tried_at_once(bool withCredential)
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Converge();
        for (var i = 0; i < 5; i++)
        {
            swarm.Fail(Assert.Single(swarm.Running("web")));
            swarm.Converge();
            var delay = swarm.NextDeadline - swarm.Now;
            if (i < 4)
            {
                swarm.Advance(delay!.Value);
            }
        }
        var waits = swarm.Slot("web", 1);
        Assert.Equal((TaskState.Ready, TimeSpan.FromMinutes(1)), (waits.DesiredState, waits.StartAfter - waits.CreatedAt));

        swarm.Attempt("web", withCredential ? Credential : null);
        swarm.Converge();

        Assert.Equal(TaskState.Shutdown, swarm.Task(waits.Id).DesiredState);
        var tried = Assert.Single(swarm.Running("web"));
        Assert.Equal((2ul, 0u), (tried.Revision, tried.RestartCount));
    }

    [Fact]
    public void A_rejected_task_that_waits_for_its_turn_is_tried_at_once()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Settle();
        Reject(swarm, swarm.Slot("web", 1));
        swarm.Settle();
        var waits = swarm.Slot("web", 1);
        Reject(swarm, waits);
        swarm.Settle();
        Assert.Equal(waits.Id, swarm.Slot("web", 1).Id);

        swarm.Attempt("web");
        swarm.Converge();

        Assert.Equal(2ul, Assert.Single(swarm.Running("web")).Revision);
    }

    [Fact]
    public void A_slot_where_an_update_failed_beside_its_old_task_is_tried_anew()
    {
        var swarm = Running(2, AtOnce with { Order = UpdateOrder.StartFirst, FailureAction = FailureAction.Continue });
        swarm.Update(
            "web",
            s =>
                s with
                {
                    Container = s.Container with { Image = "redis:2" },
                    Restart = RestartPolicy.Default with { Condition = RestartCondition.None },
                }
        );
        swarm.Converge(t => t.Revision == 1);
        swarm.Active("web").FindAll(t => t.Revision == 2).ForEach(t => Reject(swarm, t));
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([1ul, 1ul], Revisions(swarm));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);

        swarm.Attempt("web");
        swarm.Converge();

        Assert.Equal([3ul, 3ul], Revisions(swarm));
    }

    [Fact]
    public void The_same_image_disturbs_nothing_that_runs_or_is_on_its_way()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge(t => t.Slot == 1);
        swarm.Observe(swarm.Slot("web", 2), TaskState.Preparing);
        var before = swarm.Active("web").ConvertAll(t => t.Id);

        swarm.Attempt("web");
        swarm.Converge();

        Assert.Equal(before, swarm.Running("web").ConvertAll(t => t.Id));
        Assert.Equal((1ul, null), (swarm["web"].Revision, swarm["web"].UpdateStatus));
    }

    [Fact]
    public void An_undo_goes_past_attempts_to_the_last_other_template()
    {
        var swarm = Running(1, AtOnce);
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        swarm.Attempt("web", Credential);
        swarm.Attempt("web", Credential with { Username = "other" });
        Assert.Equal((4ul, 3ul), (swarm["web"].Revision, swarm["web"].PreviousRevision));

        swarm.Rollback("web");
        swarm.Converge();

        Assert.Equal((1ul, "redis:1"), (swarm["web"].Revision, swarm["web"].Spec.Container.Image));
        Assert.Equal([1ul], Revisions(swarm));
    }

    [Fact]
    public void An_attempt_that_fails_is_paused_and_not_rolled_back_to_its_own_template()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(
            TestSwarm.Spec("web") with
            {
                Update = UpdateConfig.Default with { FailureAction = FailureAction.Rollback },
                Restart = RestartPolicy.Default with { Condition = RestartCondition.None },
            }
        );
        swarm.Settle();
        Reject(swarm, swarm.Slot("web", 1));
        swarm.Settle();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.Attempt("web");
        swarm.Settle();

        Reject(swarm, swarm.Slot("web", 1));
        swarm.Settle();

        Assert.Equal((UpdateState.Paused, 2ul), (Status(swarm).State, swarm["web"].Revision));
    }
}
