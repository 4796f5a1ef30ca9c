using Swarm.Core.Model;
using Swarm.Core.State;
using static Swarm.Core.Tests.Orchestration.UpdateScene;

namespace Swarm.Core.Tests.Orchestration.Updates;

/// <summary>A credential that is given in the middle of an update: the update goes on, and what it has in progress counts.</summary>
public class AttemptInUpdateTests
{
    private static readonly RegistryCredential Credential = new("registry", "swarm", "secret");

    private static void Reject(TestSwarm swarm, SwarmTask task) => swarm.Observe(task, TaskState.Rejected, "No such image: redis:2");

    /// <summary>The first two of six tasks are updated. Then the user gives a credential.</summary>
    [Theory]
    [InlineData(TaskState.Preparing, 3ul)]
    [InlineData(TaskState.Starting, 2ul)]
    [InlineData(TaskState.Running, 2ul)]
    public void A_credential_in_the_middle_of_an_update_keeps_its_parallelism(TaskState reached, ulong revision)
    {
        var swarm = Running(6, UpdateConfig.Default with { Parallelism = 2, Delay = TimeSpan.FromSeconds(10) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        foreach (var task in swarm.Active("web").FindAll(t => t.Revision == 2))
        {
            swarm.Observe(task, reached);
        }
        swarm.Settle();
        Assert.Equal([2ul, 2ul, 1ul, 1ul, 1ul, 1ul], Revisions(swarm));

        swarm.Attempt("web", Credential);
        swarm.Settle();
        Assert.Equal([revision, revision, 1ul, 1ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal(4, swarm.Running("web").Count(t => t.Revision == 1));

        swarm.Converge();
        Assert.Equal([revision, revision, 1ul, 1ul, 1ul, 1ul], Revisions(swarm));
        swarm.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([revision, revision, 3ul, 3ul, 1ul, 1ul], Revisions(swarm));
        swarm.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([revision, revision, 3ul, 3ul, 3ul, 3ul], Revisions(swarm));
        Assert.Equal((UpdateState.Completed, 1ul), (Status(swarm).State, Status(swarm).Progress.FromRevision));
    }

    [Fact]
    public void A_slot_that_is_taken_up_again_keeps_its_place_before_others_that_do_not_run()
    {
        var swarm = Running(3);
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        Assert.Equal([2ul, 1ul, 1ul], Revisions(swarm));
        swarm.Fail(swarm.Slot("web", 3));
        swarm.Settle();
        var waits = swarm.Slot("web", 3);
        swarm.Attempt("web", Credential);
        swarm.Attempt("web", Credential with { Username = "other" });
        swarm.Settle();

        Assert.Equal((4ul, true), (swarm.Slot("web", 1).Revision, swarm.Slot("web", 1).TakesOver));
        Assert.Equal(waits.Id, swarm.Slot("web", 3).Id);
        Assert.Equal(1ul, swarm.Slot("web", 2).Revision);
    }

    [Fact]
    public void A_credential_in_the_middle_of_an_update_keeps_its_monitor()
    {
        var swarm = Running(3, UpdateConfig.Default with { Monitor = TimeSpan.FromSeconds(30) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        Assert.Equal(UpdateState.Updating, Status(swarm).State);
        var started = Status(swarm).StartedAt;
        swarm.Advance(TimeSpan.FromSeconds(20));

        swarm.Attempt("web", Credential);
        swarm.Attempt("web", Credential with { Username = "other" });
        swarm.Converge();
        Assert.Equal((UpdateState.Updating, started), (Status(swarm).State, Status(swarm).StartedAt));
        Assert.Equal([2ul, 2ul, 2ul], Revisions(swarm));

        swarm.Advance(TimeSpan.FromSeconds(1));
        swarm.Fail(swarm.Slot("web", 2));
        swarm.Converge();
        Assert.Equal((UpdateState.Paused, 1ul), (Status(swarm).State, Status(swarm).Progress.Failed));
    }

    [Fact]
    public void An_update_is_complete_after_its_own_monitor_with_a_credential_in_its_middle()
    {
        var swarm = Running(3, UpdateConfig.Default with { Monitor = TimeSpan.FromSeconds(30) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromSeconds(20));
        swarm.Attempt("web", Credential);

        swarm.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.Equal(UpdateState.Updating, Status(swarm).State);
        swarm.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
    }

    [Fact]
    public void What_failed_before_a_credential_does_not_count_after_it()
    {
        var swarm = Running(4, UpdateConfig.Default with { MaxFailureRatio = 0.3, Delay = TimeSpan.FromSeconds(10) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        Reject(swarm, swarm.Slot("web", 1));
        swarm.Settle();
        Assert.Equal((UpdateState.Updating, 1ul), (Status(swarm).State, Status(swarm).Progress.Failed));

        swarm.Attempt("web", Credential);
        swarm.Converge();
        Assert.Equal([3ul, 1ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal(4, swarm.Running("web").Count);
        swarm.Advance(TimeSpan.FromSeconds(10));
        swarm.Fail(swarm.Slot("web", 2));
        swarm.Converge();

        Assert.Equal((UpdateState.Updating, 1ul), (Status(swarm).State, Status(swarm).Progress.Failed));
    }

    [Fact]
    public void A_failure_that_was_worked_out_before_a_credential_does_not_pause_the_update()
    {
        var swarm = Running(3);
        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);
        Reject(swarm, swarm.Slot("web", 1));
        var late = swarm.Loop.Plan();
        Assert.Contains(late, c => c is StateChange.ServiceUpdateStatusSet { Status.State: UpdateState.Paused });

        swarm.Attempt("web", Credential);
        swarm.Apply(late);
        swarm.Converge();

        Assert.Equal(UpdateState.Updating, Status(swarm).State);
        Assert.Equal([3ul, 3ul, 3ul], Revisions(swarm));
    }

    [Fact]
    public void A_rollback_goes_on_as_the_same_rollback_after_a_credential()
    {
        var swarm = Running(4, AtOnce, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) });
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        swarm.Advance(TimeSpan.FromMinutes(1));
        swarm.Rollback("web");
        swarm.Converge();
        Assert.Equal([1ul, 2ul, 2ul, 2ul], Revisions(swarm));

        swarm.Attempt("web", Credential);
        swarm.Converge();

        Assert.Equal([1ul, 2ul, 2ul, 2ul], Revisions(swarm));
        Assert.Equal(UpdateState.RollbackStarted, Status(swarm).State);
        swarm.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([1ul, 3ul, 3ul, 3ul], Revisions(swarm));
        Assert.Equal(UpdateState.RollbackCompleted, Status(swarm).State);
    }
}
