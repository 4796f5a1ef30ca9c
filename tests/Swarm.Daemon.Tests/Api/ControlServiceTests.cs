using Grpc.Core;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.Dispatcher;
using Swarm.Daemon.Tests.Manager;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

public sealed class ControlServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<(GrpcManager Grpc, ScriptedAgent Agent)> StartAsync()
    {
        var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        var agent = await grpc.ConnectAsync("n1");
        _ = agent.ObeyAsync();
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Status.State == NodeState.Ready);
        return (grpc, agent);
    }

    private static async Task<List<T>> ListAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using (call)
        {
            var all = new List<T>();
            await foreach (var item in Deadline.EachAsync(call.ResponseStream.ReadAllAsync(Cancel), $"the next {typeof(T).Name} of a list"))
            {
                all.Add(item);
            }
            return all;
        }
    }

    private static async Task<V1.ServiceProgress> WaitAsync(GrpcManager grpc, string service, bool removed = false) =>
        (
            await ListAsync(
                grpc.Control.Services.WaitServices(
                    new V1.WaitServicesRequest { Selectors = { service }, Removed = removed },
                    cancellationToken: Cancel
                )
            )
        )[^1];

    private static async Task<RpcException> RefusedAsync(string errorId, Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(errorId, e.Trailers.GetValue("swarm-error-id"));
        return e;
    }

    [Theory]
    [InlineData("private:1", "(no basic auth credentials)", true)]
    [InlineData("unknown:1", "(manifest unknown)", false)]
    [InlineData("redis:3.0.7", "its digest. Each", false)]
    public async Task An_image_that_is_not_pinned_is_a_warning_with_what_the_registry_said(string image, string said, bool credential)
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        var created = await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 1, image), cancellationToken: Cancel);
        var warning = Assert.Single(created.Warnings);
        Assert.StartsWith($"image {image} could not be accessed on a registry to record its digest", warning, StringComparison.Ordinal);
        Assert.Contains(said, warning, StringComparison.Ordinal);
        Assert.Equal(credential, warning.Contains("-RegistryCredential", StringComparison.Ordinal));
        Assert.Equal(image, created.Service.Spec.Container.Image);
    }

    [Fact]
    public async Task The_life_of_a_service()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        var created = await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 2, "pinned:1"), cancellationToken: Cancel);
        Assert.Empty(created.Warnings);
        Assert.StartsWith("pinned:1@sha256:aaa", created.Service.Spec.Container.Image, StringComparison.Ordinal);
        var progress = await WaitAsync(grpc, "web");
        Assert.Equal((2UL, true), (progress.Running, progress.Converged));
        var listed = Assert.Single(
            await ListAsync(grpc.Control.Services.ListServices(new V1.ListServicesRequest(), cancellationToken: Cancel))
        );
        Assert.Equal((2UL, 2UL), (listed.RunningTasks, listed.DesiredTasks));

        var scale = new V1.ScaleServicesRequest
        {
            Services =
            {
                new V1.ServiceScale { Selector = created.Service.Id[..10], Replicas = 5 },
            },
        };
        Assert.Equal(1UL, (await grpc.Control.Services.ScaleServicesAsync(scale, cancellationToken: Cancel)).Services[0].Revision);
        Assert.Equal(5UL, (await WaitAsync(grpc, "web")).Running);

        var spec = listed.Spec.Clone();
        spec.Replicated.Replicas = 5;
        spec.Container.Image = "redis:3.0.7";
        spec.Update = new V1.UpdateConfig
        {
            Parallelism = 0,
            Monitor = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1)),
        };
        var updated = await grpc.Control.Services.UpdateServiceAsync(
            new V1.UpdateServiceRequest { Selector = "web", Spec = spec },
            cancellationToken: Cancel
        );
        Assert.Contains("could not be accessed on a registry", Assert.Single(updated.Warnings), StringComparison.Ordinal);
        Assert.Equal(2UL, updated.Service.Revision);
        Assert.True((await WaitAsync(grpc, "web")).Converged);
        var revisions = await ListAsync(
            grpc.Control.Services.ListServiceRevisions(
                new V1.ListServiceRevisionsRequest { Selectors = { "web" } },
                cancellationToken: Cancel
            )
        );
        Assert.Equal([false, true], revisions.Select(r => r.Current));
        Assert.Contains(revisions[1].Changes, c => c.EndsWith("-> redis:3.0.7", StringComparison.Ordinal));
        Assert.Equal(5UL, revisions[1].RunningTasks);

        var back = await grpc.Control.Services.RollbackServiceAsync(
            new V1.RollbackServiceRequest { Selector = "web" },
            cancellationToken: Cancel
        );
        Assert.Equal(1UL, back.Service.Revision);
        Assert.True((await WaitAsync(grpc, "web")).Converged);

        var tasks = await ListAsync(
            grpc.Control.Tasks.ListTasks(new V1.ListTasksRequest { Services = { "web" } }, cancellationToken: Cancel)
        );
        Assert.Equal(Enumerable.Range(1, 5).Select(i => (ulong)i), tasks.Select(t => t.Slot).Distinct());
        Assert.All(tasks, t => Assert.Equal($"web.{t.Slot}.{t.Id}", t.ContainerName));
        Assert.True(tasks.Count > 5, "History is listed too.");

        var stopped = await grpc.Control.Tasks.StopTaskAsync(new V1.StopTaskRequest { Selector = "web.3" }, cancellationToken: Cancel);
        Assert.Equal(V1.TaskState.Shutdown, stopped.Task.DesiredState);

        await grpc.Control.Services.RemoveServiceAsync(new V1.RemoveServiceRequest { Selector = "web" }, cancellationToken: Cancel);
        Assert.True((await WaitAsync(grpc, "web", removed: true)).Converged);
        var e = await RefusedAsync(
            "ServiceNotFound",
            () =>
                ListAsync(
                    grpc.Control.Services.ListServices(new V1.ListServicesRequest { Selectors = { "web" } }, cancellationToken: Cancel)
                )
        );
        Assert.Equal((StatusCode.NotFound, "service web not found"), (e.StatusCode, e.Status.Detail));
    }

    [Fact]
    public async Task A_retried_create_is_the_same_service_and_another_of_its_name_is_refused()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        var request = ApiRequests.Create("web");
        var first = await grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        Assert.Equal(first.Service.Id, (await grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel)).Service.Id);
        await RefusedAsync(
            "NameConflict",
            () => grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web"), cancellationToken: Cancel).ResponseAsync
        );
    }

    [Fact]
    public async Task Scaling_is_all_or_nothing()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("a"), cancellationToken: Cancel);
        var global = ApiRequests.Create("g");
        global.Spec.Global = new V1.GlobalMode();
        await grpc.Control.Services.CreateServiceAsync(global, cancellationToken: Cancel);
        Task Scale(string other, long replicas) =>
            grpc
                .Control.Services.ScaleServicesAsync(
                    new V1.ScaleServicesRequest
                    {
                        Services =
                        {
                            new V1.ServiceScale { Selector = "a", Replicas = 7 },
                            new V1.ServiceScale { Selector = other, Replicas = replicas },
                        },
                    },
                    cancellationToken: Cancel
                )
                .ResponseAsync;
        await RefusedAsync("ServiceNotFound", () => Scale("none", 1));
        await RefusedAsync("NotReplicated", () => Scale("g", 1));
        await RefusedAsync("InvalidReplicas", () => Scale("g", -1));
        await RefusedAsync("DuplicateService", () => Scale("a", 1));
        Assert.Equal(new ServiceMode.Replicated(1), grpc.Manager.Runtime.State.Read(s => s.FindServiceByName("a")!.Spec.Mode));
    }

    [Fact]
    public async Task Refusals_have_their_ids()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        var web = (await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web"), cancellationToken: Cancel)).Service;
        await RefusedAsync(
            "NoPreviousRevision",
            () => grpc.Control.Services.RollbackServiceAsync(new() { Selector = "web" }, cancellationToken: Cancel).ResponseAsync
        );
        await RefusedAsync(
            "RevisionNotFound",
            () =>
                grpc
                    .Control.Services.RollbackServiceAsync(new() { Selector = "web", ToRevision = 9 }, cancellationToken: Cancel)
                    .ResponseAsync
        );
        await RefusedAsync(
            "VersionConflict",
            () =>
                grpc
                    .Control.Services.UpdateServiceAsync(
                        new()
                        {
                            Selector = "web",
                            Spec = web.Spec,
                            Version = web.Version + 100,
                        },
                        cancellationToken: Cancel
                    )
                    .ResponseAsync
        );
        await RefusedAsync(
            "NameCannotChange",
            () =>
                grpc
                    .Control.Services.UpdateServiceAsync(
                        new() { Selector = "web", Spec = ApiRequests.Spec("other") },
                        cancellationToken: Cancel
                    )
                    .ResponseAsync
        );
        await RefusedAsync(
            "NodeNotFound",
            () => grpc.Control.Nodes.UpdateNodeAsync(new() { Selector = "none" }, cancellationToken: Cancel).ResponseAsync
        );
        await RefusedAsync(
            "TaskNotFound",
            () => grpc.Control.Tasks.StopTaskAsync(new() { Selector = "web.9" }, cancellationToken: Cancel).ResponseAsync
        );
        await RefusedAsync(
            "LastManager",
            () =>
                grpc
                    .Control.Nodes.UpdateNodeAsync(
                        new() { Selector = TestManager.Self, Role = V1.NodeRole.Worker },
                        cancellationToken: Cancel
                    )
                    .ResponseAsync
        );
        await RefusedAsync(
            "MultipleManagersNotSupported",
            () =>
                grpc
                    .Control.Nodes.UpdateNodeAsync(new() { Selector = "n1", Role = V1.NodeRole.Manager }, cancellationToken: Cancel)
                    .ResponseAsync
        );
        await RefusedAsync(
            "NodeIsManager",
            () =>
                grpc
                    .Control.Nodes.RemoveNodeAsync(new() { Selector = TestManager.Self, Force = true }, cancellationToken: Cancel)
                    .ResponseAsync
        );
        await RefusedAsync(
            "NodeNotDown",
            () => grpc.Control.Nodes.RemoveNodeAsync(new() { Selector = "n1" }, cancellationToken: Cancel).ResponseAsync
        );
        await RefusedAsync("MissingSpec", () => grpc.Control.Services.CreateServiceAsync(new(), cancellationToken: Cancel).ResponseAsync);
        var internalError = await RefusedAsync(
            "InternalError",
            () => grpc.Control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        Assert.DoesNotContain("secret", internalError.Status.Detail, StringComparison.Ordinal);
        grpc.Manager.Log.SetLeader(false);
        await RefusedAsync(
            "NoLeader",
            () => grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("x"), cancellationToken: Cancel).ResponseAsync
        );
    }

    [Fact]
    public async Task A_service_nobody_can_take_says_why_and_dry_runs_change_nothing()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        var request = ApiRequests.Create("web");
        request.Spec.Placement = new V1.Placement { Constraints = { "node.labels.zone==east" } };
        await grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        await grpc.Manager.UntilAsync(s => s.Tasks.Any(t => t.Pending is not null));
        var task = Assert.Single(await ListAsync(grpc.Control.Tasks.ListTasks(new V1.ListTasksRequest(), cancellationToken: Cancel)));
        Assert.Contains(task.Pending, p => p.Filter == "constraints" && p.Nodes == 1);
        var placements = await ListAsync(
            grpc.Control.Tasks.TestPlacement(new V1.TestPlacementRequest { Selector = "web" }, cancellationToken: Cancel)
        );
        Assert.Equal("constraints", placements.Single(p => p.NodeId == "n1").Filter);
        var test = new V1.TestPlacementRequest { Selector = "web", Spec = ApiRequests.Spec("web", 1) };
        placements = await ListAsync(grpc.Control.Tasks.TestPlacement(test, cancellationToken: Cancel));
        Assert.True(placements.Single(p => p.NodeId == "n1").Suitable);
        test.Spec.Placement = new V1.Placement { Constraints = { "zone=east" } };
        await RefusedAsync("InvalidConstraint", () => ListAsync(grpc.Control.Tasks.TestPlacement(test, cancellationToken: Cancel)));
        var preview = await grpc.Control.Services.CreateServiceAsync(
            new() { Spec = ApiRequests.Spec("new", 2), DryRun = true },
            cancellationToken: Cancel
        );
        Assert.Equal(["create", "create"], preview.Preview.Actions.Select(a => a.Action));
        Assert.All(preview.Preview.Actions, a => Assert.Equal("host-n1", a.NodeName));
        Assert.Single(await ListAsync(grpc.Control.Services.ListServices(new V1.ListServicesRequest(), cancellationToken: Cancel)));

        // The label makes the node fit: the pending task goes there.
        await grpc.Control.Nodes.UpdateNodeAsync(new() { Selector = "n1", LabelsSet = { ["zone"] = "east" } }, cancellationToken: Cancel);
        Assert.True((await WaitAsync(grpc, "web")).Converged);
    }

    [Fact]
    public async Task A_preview_of_an_update_resolves_the_image_as_the_update_does()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 1, "pinned:1"), cancellationToken: Cancel);
        Assert.True((await WaitAsync(grpc, "web")).Converged);
        var request = new V1.UpdateServiceRequest
        {
            Selector = "web",
            Spec = ApiRequests.Spec("web", 1, "pinned:1"),
            DryRun = true,
        };

        var preview = await grpc.Control.Services.UpdateServiceAsync(request, cancellationToken: Cancel);
        Assert.Equal(["keep"], preview.Preview.Actions.Select(a => a.Action));

        request.DryRun = false;
        Assert.Equal(1ul, (await grpc.Control.Services.UpdateServiceAsync(request, cancellationToken: Cancel)).Service.Revision);
        request.DryRun = request.NoResolveImage = true;
        preview = await grpc.Control.Services.UpdateServiceAsync(request, cancellationToken: Cancel);
        Assert.Equal(["stop", "create"], preview.Preview.Actions.Select(a => a.Action));
    }

    [Fact]
    public async Task The_platforms_of_a_resolved_image_decide_where_it_may_run_until_it_has_another_image()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        ValueList<string> Platforms() => grpc.Manager.Runtime.State.Read(s => s.FindServiceByName("web")!.Spec.Placement.Platforms);
        Task UpdateAsync(string image, ulong replicas, bool resolve = true) =>
            grpc
                .Control.Services.UpdateServiceAsync(
                    new()
                    {
                        Selector = "web",
                        Spec = ApiRequests.Spec("web", replicas, image),
                        NoResolveImage = !resolve,
                    },
                    cancellationToken: Cancel
                )
                .ResponseAsync;

        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 1, "pinned:1"), cancellationToken: Cancel);
        Assert.Equal(TestManager.Platforms, Platforms());
        // A client that sends the spec back knows nothing of them.
        await UpdateAsync("pinned:1@" + TestManager.Digests["pinned:1"], 2);
        Assert.Equal(TestManager.Platforms, Platforms());
        Assert.Equal(1ul, grpc.Manager.Runtime.State.Read(s => s.FindServiceByName("web")!.Revision));
        await UpdateAsync("other:1", 2, resolve: false);
        Assert.Equal([], Platforms());
    }

    [Fact]
    public async Task Draining_moves_tasks_and_its_wait_ends_when_they_run_elsewhere()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 3), cancellationToken: Cancel);
        Assert.True((await WaitAsync(grpc, "web")).Converged);
        await grpc.Manager.AddNodeAsync("n2");
        using var other = await grpc.ConnectAsync("n2");
        _ = other.ObeyAsync();
        await grpc.Manager.UntilAsync(s => s.FindNode("n2")!.Status.State == NodeState.Ready);
        await grpc.Control.Nodes.UpdateNodeAsync(
            new() { Selector = "host-n1", Availability = V1.NodeAvailability.Drain },
            cancellationToken: Cancel
        );
        var progress = await ListAsync(
            grpc.Control.Nodes.WaitNode(new V1.WaitNodeRequest { Selector = "n1", UntilDrained = true }, cancellationToken: Cancel)
        );
        Assert.True(progress[^1].Done);
        Assert.Equal(
            3,
            grpc.Manager.Runtime.State.Read(s => s.TasksOfNode("n2").Count(t => t.IsLive && t.Status.State == TaskState.Running))
        );
    }

    [Fact]
    public async Task The_wait_for_a_removed_node_ends_when_its_tasks_run_elsewhere()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        await grpc.Manager.AddNodeAsync("n2");
        using var other = await grpc.ConnectAsync("n2");
        _ = other.ObeyAsync();
        await grpc.Manager.UntilAsync(s => s.FindNode("n2")!.Status.State == NodeState.Ready);
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 4), cancellationToken: Cancel);
        Assert.True((await WaitAsync(grpc, "web")).Converged);
        var wait = new V1.WaitNodeRequest { Selector = "n2", UntilRemoved = true };
        using var before = grpc.Control.Nodes.WaitNode(wait, cancellationToken: Cancel);
        Assert.True(await Deadline.WaitAsync(before.ResponseStream.MoveNext(Cancel), "the first word of the wait"));
        Assert.Equal((2u, false), (before.ResponseStream.Current.TasksLeft, before.ResponseStream.Current.Done));
        await grpc.Control.Nodes.RemoveNodeAsync(new() { Selector = "n2", Force = true }, cancellationToken: Cancel);
        foreach (
            var progress in new[] { await ListAsync(grpc.Control.Nodes.WaitNode(wait, cancellationToken: Cancel)), await ListAsync(before) }
        )
        {
            Assert.Equal((true, "removed"), (progress[^1].Done, progress[^1].Message));
        }
        Assert.Equal(
            4,
            grpc.Manager.Runtime.State.Read(s => s.TasksOfNode("n1").Count(t => t.IsLive && t.Status.State == TaskState.Running))
        );
    }

    [Fact]
    public async Task The_wait_for_a_stopped_task_ends_when_the_next_of_its_slot_runs()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 2), cancellationToken: Cancel);
        Assert.True((await WaitAsync(grpc, "web")).Converged);
        var task = (await grpc.Control.Tasks.StopTaskAsync(new() { Selector = "web.2" }, cancellationToken: Cancel)).Task;
        V1.WaitTaskRequest[] requests =
        [
            new() { TaskId = task.Id },
            new()
            {
                TaskId = task.Id,
                ServiceId = task.ServiceId,
                Slot = task.Slot,
                NodeId = task.NodeId,
            },
        ];
        foreach (var request in requests)
        {
            var last = (await ListAsync(grpc.Control.Tasks.WaitTask(request, cancellationToken: Cancel)))[^1];
            Assert.Equal((true, true, V1.TaskState.Running), (last.Done, last.Ended, last.ReplacementState));
            Assert.NotEqual(task.Id, last.ReplacementId);
        }
    }

    [Fact]
    public async Task A_stopped_task_that_no_node_knew_of_is_answered_as_it_was()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web"), cancellationToken: Cancel);
        await grpc.Manager.UntilAsync(s => s.Tasks.Count > 0);
        var stopped = (await grpc.Control.Tasks.StopTaskAsync(new() { Selector = "web.1" }, cancellationToken: Cancel)).Task;
        Assert.Equal(("web.1", "web", 1ul), (stopped.Name, stopped.ServiceName, stopped.Slot));
    }

    [Fact]
    public async Task Events_tell_what_happened()
    {
        var (grpc, agent) = await StartAsync();
        await using var owned = grpc;
        using var session = agent;
        using var call = grpc.Control.Events.WatchEvents(new V1.WatchEventsRequest { Kinds = { "service" } }, cancellationToken: Cancel);
        var created = false;
        var reading = Task.Run(
            async () =>
            {
                await foreach (var happened in Deadline.EachAsync(call.ResponseStream.ReadAllAsync(Cancel), "an event"))
                {
                    if (happened is { Action: "create", Kind: "service" })
                    {
                        created = true;
                        return happened;
                    }
                }
                throw new InvalidOperationException("The stream ended.");
            },
            Cancel
        );
        // The watch begins at an unknown moment, so services are created until it reports one.
        for (var i = 0; !created && i < 1000; i++)
        {
            await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create($"s{i}"), cancellationToken: Cancel);
        }
        Assert.StartsWith("s", (await reading).Name, StringComparison.Ordinal);
    }
}
