using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

public class ServiceChangesTests
{
    private static readonly RegistryCredential Credential = new("registry", "swarm", "secret");

    private static TestSwarm WithService()
    {
        var swarm = new TestSwarm();
        swarm.Create(TestSwarm.Spec("web", 2));
        return swarm;
    }

    private static StateChange.ServiceSpecSet Update(
        TestSwarm swarm,
        Func<ServiceSpec, ServiceSpec> change,
        RegistryCredential? credential = null
    ) =>
        Assert.IsType<StateChange.ServiceSpecSet>(
            Assert.Single(ServiceChanges.Update(swarm.State, swarm["web"], change(swarm["web"].Spec), credential, swarm.Now))
        );

    [Fact]
    public void A_new_service_has_revision_1()
    {
        var swarm = new TestSwarm();

        swarm.Apply(ServiceChanges.Create("id", TestSwarm.Spec("web"), Credential, swarm.Now));

        Assert.Equal((1ul, 0ul, null), (swarm["web"].Revision, swarm["web"].PreviousRevision, swarm["web"].UpdateStatus));
        Assert.Equal(Credential, swarm.State.FindRevision("id", 1)!.RegistryCredential);
    }

    [Fact]
    public void Scale_labels_and_policies_keep_the_revision()
    {
        var swarm = WithService();
        Func<ServiceSpec, ServiceSpec>[] changes =
        [
            s => s with { Mode = new ServiceMode.Replicated(9) },
            s => s with { Labels = ValueMap.Empty.With("a", "b") },
            s => s with { Update = s.Update with { Parallelism = 7 } },
            s => s with { Rollback = s.Rollback with { Parallelism = 7 } },
        ];

        foreach (var change in changes)
        {
            var set = Update(swarm, change);
            Assert.Equal((1ul, null), (set.Revision, set.UpdateStatus));
            swarm.Apply(set);
        }
        Assert.Single(swarm.State.RevisionsOf(swarm["web"].Id));
        Assert.Equal(new ServiceMode.Replicated(9), swarm["web"].Spec.Mode);
    }

    [Fact]
    public void Whatever_a_task_is_made_of_takes_the_next_revision_and_starts_an_update()
    {
        Func<ServiceSpec, ServiceSpec>[] changes =
        [
            s => s with { Container = s.Container with { Image = "redis:2" } },
            s => s with { Resources = new ResourceRequirements { PidsLimit = 9 } },
            s => s with { Restart = s.Restart with { MaxAttempts = 1 } },
            s => s with { Placement = new Placement { MaxReplicasPerNode = 1 } },
            s => s with { ForceUpdate = 1 },
        ];

        foreach (var change in changes)
        {
            var set = Update(WithService(), change);
            Assert.Equal(2ul, set.Revision);
            Assert.Equal(
                (UpdateState.Updating, "update in progress", 1ul),
                (set.UpdateStatus!.State, set.UpdateStatus.Message, set.UpdateStatus.Progress.FromRevision)
            );
        }
    }

    [Fact]
    public void After_a_rollback_the_next_revision_is_above_all_there_have_been()
    {
        var swarm = WithService();
        swarm.SetImage("web", "redis:2");
        swarm.SetImage("web", "redis:3");
        swarm.Rollback("web", 1);
        Assert.Equal((1ul, 3ul), (swarm["web"].Revision, swarm["web"].PreviousRevision));

        swarm.SetImage("web", "redis:4");

        Assert.Equal((4ul, 1ul), (swarm["web"].Revision, swarm["web"].PreviousRevision));
        Assert.Equal([1ul, 2ul, 3ul, 4ul], swarm.State.RevisionsOf(swarm["web"].Id).Select(r => r.Number));
    }

    [Fact]
    public void A_credential_goes_on_to_the_next_revision_unless_another_is_given()
    {
        var swarm = new TestSwarm();
        swarm.Apply(ServiceChanges.Create("id", TestSwarm.Spec("web"), Credential, swarm.Now));

        Assert.Equal(Credential, Update(swarm, s => s with { ForceUpdate = 1 }).RegistryCredential);
        Assert.Equal(
            "other",
            Update(swarm, s => s with { ForceUpdate = 1 }, Credential with { Username = "other" }).RegistryCredential!.Username
        );
    }

    [Fact]
    public void Another_credential_alone_is_a_revision_that_replaces_no_task()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Converge();
        var task = Assert.Single(swarm.Running("web"));

        var set = Update(swarm, s => s, Credential);
        swarm.Apply(set);
        swarm.Converge();

        Assert.Equal((2ul, null), (set.Revision, set.UpdateStatus));
        Assert.Equal(task.Id, Assert.Single(swarm.Tasks("web")).Id);
        Assert.Equal(Credential, swarm.State.FindRevision(swarm["web"].Id, 2)!.RegistryCredential);
    }

    [Fact]
    public void Name_and_kind_of_mode_cannot_change()
    {
        var swarm = WithService();

        Assert.Throws<ArgumentException>(() => Update(swarm, s => s with { Name = "other" }));
        Assert.Throws<ArgumentException>(() => Update(swarm, s => s with { Mode = new ServiceMode.Global() }));
    }

    [Fact]
    public void A_rollback_needs_a_kept_revision_other_than_the_current_one()
    {
        var swarm = WithService();

        Assert.Contains(
            "no previous revision",
            Assert.Throws<ArgumentException>(() => swarm.Rollback("web")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "at revision 1 already",
            Assert.Throws<ArgumentException>(() => swarm.Rollback("web", 1)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "no revision 7",
            Assert.Throws<ArgumentException>(() => swarm.Rollback("web", 7)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_unchanged_spec_resumes_a_paused_update_and_leaves_others_alone()
    {
        var swarm = WithService();
        Assert.Null(Update(swarm, s => s).UpdateStatus);
        swarm.SetImage("web", "redis:2");
        var paused = swarm["web"].UpdateStatus! with { State = UpdateState.Paused };
        swarm.Apply(new StateChange.ServiceUpdateStatusSet(swarm["web"].Id, paused, swarm.Now));
        swarm.Time.Advance(TimeSpan.FromSeconds(9));

        Assert.Equal(paused, Update(swarm, s => s with { Mode = new ServiceMode.Replicated(5) }).UpdateStatus);
        var resumed = Update(swarm, s => s);
        Assert.Equal(
            (2ul, UpdateState.Updating, swarm.Now),
            (resumed.Revision, resumed.UpdateStatus!.State, resumed.UpdateStatus.StartedAt)
        );
    }
}
