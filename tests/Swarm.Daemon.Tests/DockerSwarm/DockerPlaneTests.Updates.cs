using Swarm.Core.Model;
using Swarm.Daemon.Tests.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <content>Updates, revisions and going back.</content>
public sealed partial class DockerPlaneTests
{
    [Fact]
    public async Task Updates_have_revisions_and_history_and_any_revision_can_be_gone_back_to()
    {
        using var directory = new TemporaryDirectory();
        await using (var plane = await PlaneHost.StartAsync(engine.Socket, directory.Path))
        {
            var update = UpdateConfig.Default with { Monitor = TimeSpan.FromMilliseconds(300), Parallelism = 0 };
            await CreateAsync(
                Spec("up", 1, "redis:3.0.6") with
                {
                    Container = new ContainerSpec { Image = "redis:3.0.6" },
                    Update = update,
                    Rollback = update,
                }
            );
            Assert.True((await WaitAsync("up")).Converged);
            await UpdateAsync("up", s => s with { Container = s.Container with { Image = "redis:3.0.7" } });
            var updated = await WaitAsync("up");
            Assert.True(updated.Converged, updated.Message);
            Assert.Equal(V1.UpdateState.Completed, updated.UpdateStatus.State);
            await UpdateAsync("up", s => s with { Container = s.Container with { Env = ["A=1"] } });
            Assert.True((await WaitAsync("up")).Converged);

            var history = await TasksAsync("up", running: false);
            Assert.Equal(["redis:3.0.7", "redis:3.0.7", "redis:3.0.6"], history.Select(t => t.Image));
            Assert.Equal([3UL, 2UL, 1UL], history.Select(t => t.Revision));
            Assert.Equal([V1.TaskState.Running, V1.TaskState.Shutdown, V1.TaskState.Shutdown], history.Select(t => t.Status.State));
            // The second swarmd has to have seen them too.
            var seen = await PlaneHost.ListAsync(
                plane.Client.Services.ListServiceRevisions(
                    new V1.ListServiceRevisionsRequest { Selectors = { "up" } },
                    cancellationToken: Cancel
                )
            );
            Assert.Equal(3, seen.Count);
        }
        // Docker itself would go back only to 3.0.7, and this swarmd did not run when 3.0.6 was current.
        await using var later = await PlaneHost.StartAsync(engine.Socket, directory.Path);
        var revisions = await PlaneHost.ListAsync(
            later.Client.Services.ListServiceRevisions(
                new V1.ListServiceRevisionsRequest { Selectors = { "up" } },
                cancellationToken: Cancel
            )
        );
        Assert.Equal([1UL, 2UL, 3UL], revisions.Select(r => r.Number));
        Assert.Equal([false, false, true], revisions.Select(r => r.Current));
        Assert.Equal(["Container.Image: redis:3.0.6 -> redis:3.0.7"], revisions[1].Changes);

        var undone = await later.Client.Services.RollbackServiceAsync(
            new V1.RollbackServiceRequest
            {
                RequestId = Id(),
                Selector = "up",
                ToRevision = 1,
            },
            cancellationToken: Cancel
        );
        Assert.Equal(1UL, undone.Service.Revision);
        Assert.Equal("redis:3.0.6", undone.Service.Spec.Container.Image);
        Assert.True((await WaitAsync("up")).Converged);
    }

    [Fact]
    public async Task Undo_is_Dockers_own_rollback_where_that_means_the_same()
    {
        var update = UpdateConfig.Default with { Monitor = TimeSpan.FromMilliseconds(300), Parallelism = 0 };
        await CreateAsync(Spec("back") with { Update = update, Rollback = update });
        Assert.True((await WaitAsync("back")).Converged);
        await UpdateAsync("back", s => s with { Container = s.Container with { Env = ["A=1"] } });
        Assert.True((await WaitAsync("back")).Converged);
        var undone = await Client.Services.RollbackServiceAsync(
            new V1.RollbackServiceRequest { RequestId = Id(), Selector = "back" },
            cancellationToken: Cancel
        );
        Assert.Equal(1UL, undone.Service.Revision);
        var progress = await WaitAsync("back");
        Assert.True(progress.Converged, progress.Message);
        Assert.Equal(V1.UpdateState.RollbackCompleted, progress.UpdateStatus.State);
        Assert.Empty((await ServiceAsync("back")).Spec.Container.Env);
    }

    [Fact]
    public async Task Undo_leaves_the_scale_alone()
    {
        await CreateAsync(Spec("keep", 0));
        await UpdateAsync("keep", s => s with { Container = s.Container with { Env = ["A=1"] } });
        await UpdateAsync("keep", s => s with { Mode = new ServiceMode.Replicated(2), Container = s.Container with { Env = ["A=2"] } });
        var undone = await Client.Services.RollbackServiceAsync(
            new V1.RollbackServiceRequest { RequestId = Id(), Selector = "keep" },
            cancellationToken: Cancel
        );
        Assert.Equal(["A=1"], undone.Service.Spec.Container.Env);
        Assert.Equal(2UL, undone.Service.Spec.Replicated.Replicas);
    }
}
