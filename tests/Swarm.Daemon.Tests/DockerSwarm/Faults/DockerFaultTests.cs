using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Swarm.Daemon.Tests.Manager;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Engines that are slow, old or away, or whose objects another client changes at the wrong moment.</summary>
public sealed class DockerFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<string> NodesRefusedAsync(PlaneHost plane) =>
        PlaneHost.RefusedAsync(() => PlaneHost.ListAsync(plane.Client.Nodes.ListNodes(new V1.ListNodesRequest())));

    private static string Service(int version, int replicas, string label) =>
        $$$$"""
            {"ID":"s1","Version":{"Index":{{{{version}}}}},"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:21Z",
            "Spec":{"Name":"web","Labels":{"l":"{{{{label}}}}"},"TaskTemplate":{"ContainerSpec":{"Image":"alpine"},"Foreign":1},"Mode":{"Replicated":{"Replicas":{{{{replicas}}}} } } } }
            """;

    [Fact]
    public async Task Somebody_elses_change_between_is_kept_and_ours_is_made_on_it()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/services", $"[{Service(20, 1, "old")}]");
        engine.Answer(
            "/services/s1/update",
            async context =>
            {
                if (context.Request.Query["version"] == "20")
                {
                    // Another writer was faster.
                    engine.Answer("/services", $"[{Service(21, 1, "new")}]");
                    context.Response.StatusCode = 500;
                    await context.Response.WriteAsJsonNodeAsync(
                        """{"message":"rpc error: code = Unknown desc = update out of sequence"}"""
                    );
                    return;
                }
                engine.Answer("/services", $"[{Service(22, 3, "new")}]");
                await context.Response.WriteAsJsonNodeAsync("{}");
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var scaled = await plane.Client.Services.ScaleServicesAsync(
            new V1.ScaleServicesRequest
            {
                Services =
                {
                    new V1.ServiceScale { Selector = "web", Replicas = 3 },
                },
            },
            cancellationToken: Cancel
        );
        Assert.Equal(22UL, scaled.Services[0].Version);
        Assert.Equal(["?version=20", "?version=21"], engine.Writes.Select(w => w.Query));
        var written = JsonNode.Parse(engine.Writes.Last().Body)!;
        Assert.Equal("new", written["Labels"]!["l"]!.GetValue<string>());
        Assert.Equal(3, written["Mode"]!["Replicated"]!["Replicas"]!.GetValue<int>());
        Assert.Equal(1, written["TaskTemplate"]!["Foreign"]!.GetValue<int>());
    }

    /// <summary>The engine would say it too, but of its own dummy task, and without the position.</summary>
    [Fact]
    public async Task A_wrong_template_is_refused_before_the_engine_is_asked()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/services", $"[{Service(20, 1, "a")}]");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var spec = ApiRequests.Spec("new");
        spec.Container.Hostname = "{{.Nope}}";
        Assert.Equal(
            "InvalidTemplate",
            await PlaneHost.RefusedAsync(() =>
                plane
                    .Client.Services.CreateServiceAsync(new() { Spec = spec, NoResolveImage = true }, cancellationToken: Cancel)
                    .ResponseAsync
            )
        );
        spec = ApiRequests.Spec("web", image: "alpine");
        spec.Container.Env.Add("A=a{{");
        Assert.Equal(
            "InvalidTemplate",
            await PlaneHost.RefusedAsync(() =>
                plane
                    .Client.Services.UpdateServiceAsync(
                        new()
                        {
                            Selector = "web",
                            Spec = spec,
                            NoResolveImage = true,
                        },
                        cancellationToken: Cancel
                    )
                    .ResponseAsync
            )
        );
        Assert.Empty(engine.Writes);
    }

    [Fact]
    public async Task Who_loses_every_time_is_told_of_the_conflict()
    {
        await using var engine = await FakeEngine.StartAsync();
        var version = 20;
        engine.Answer("/services", $"[{Service(version, 1, "a")}]");
        engine.Answer(
            "/services/s1/update",
            async context =>
            {
                engine.Answer("/services", $"[{Service(++version, 1, "a")}]");
                context.Response.StatusCode = 500;
                await context.Response.WriteAsJsonNodeAsync("""{"message":"rpc error: code = Unknown desc = update out of sequence"}""");
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var request = new V1.ScaleServicesRequest
        {
            Services =
            {
                new V1.ServiceScale { Selector = "web", Replicas = 3 },
            },
        };
        Assert.Equal(
            "VersionConflict",
            await PlaneHost.RefusedAsync(() => plane.Client.Services.ScaleServicesAsync(request).ResponseAsync)
        );
        Assert.Equal(8, engine.Writes.Count);
    }

    [Fact]
    public async Task An_engine_that_is_too_old_is_refused()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/version", """{"ApiVersion":"1.40","Version":"19.03.15"}""");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal("EngineTooOld", await NodesRefusedAsync(plane));
        var daemon = await plane.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: Cancel);
        Assert.Equal(V1.LocalNodeState.Error, daemon.State);
        Assert.Contains("19.03.15", daemon.StateMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_is_away_is_named()
    {
        var engine = await FakeEngine.StartAsync();
        var socket = engine.Socket;
        await using var plane = await PlaneHost.StartAsync(socket);
        Assert.Single(await PlaneHost.ListAsync(plane.Client.Nodes.ListNodes(new V1.ListNodesRequest())));
        await engine.DisposeAsync();
        Assert.Equal("EngineUnavailable", await NodesRefusedAsync(plane));
    }

    [Fact]
    public async Task A_swarm_that_does_not_answer_in_time_has_no_leader()
    {
        await using var engine = await FakeEngine.StartAsync();
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Single(await PlaneHost.ListAsync(plane.Client.Nodes.ListNodes(new V1.ListNodesRequest())));
        // The engine answers pings only. The answer comes with the deadline, long before the test's.
        engine.Answer("/tasks", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        Assert.Equal("NoLeader", await NodesRefusedAsync(plane));
    }

    [Fact]
    public async Task An_engine_that_ends_in_the_middle_of_an_answer_is_away()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/tasks",
            async context =>
            {
                context.Response.ContentLength = 1000;
                await context.Response.WriteAsJsonNodeAsync("[{");
                context.Abort();
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal("EngineUnavailable", await NodesRefusedAsync(plane));
    }

    [Fact]
    public async Task A_create_whose_answer_was_lost_is_found_by_its_retry_and_by_nobody_else()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/services/create",
            context =>
            {
                // The service is created, and then the engine goes away before it answers.
                engine.Answer("/services", $"[{Service(20, 1, "a")}]");
                context.Abort();
                return Task.CompletedTask;
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        V1.CreateServiceRequest Request(string id, string label) =>
            new()
            {
                RequestId = id,
                NoResolveImage = true,
                Spec = new V1.ServiceSpec
                {
                    Name = "web",
                    Labels = { ["l"] = label },
                    Container = new V1.ContainerSpec { Image = "alpine" },
                    Replicated = new V1.ReplicatedMode { Replicas = 1 },
                },
            };
        Task<string> RefusedAsync(V1.CreateServiceRequest request) =>
            PlaneHost.RefusedAsync(() => plane.Client.Services.CreateServiceAsync(request).ResponseAsync);

        Assert.Equal("EngineUnavailable", await RefusedAsync(Request("r1", "a")));
        Assert.Equal("NameConflict", await RefusedAsync(Request("r2", "a")));
        var retried = await plane.Client.Services.CreateServiceAsync(Request("r1", "a"), cancellationToken: Cancel);
        Assert.Equal("s1", retried.Service.Id);
        Assert.Single(engine.Writes);
    }

    [Fact]
    public async Task A_create_whose_answer_was_lost_is_found_as_it_was_written_for_the_engine()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/services/create",
            context =>
            {
                var spec = engine.Writes.Last().Body;
                engine.Answer(
                    "/services",
                    $$"""[{"ID":"s1","Version":{"Index":20},"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:21Z","Spec":{{spec}}}]"""
                );
                context.Abort();
                return Task.CompletedTask;
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var request = new V1.CreateServiceRequest
        {
            RequestId = "r1",
            NoResolveImage = true,
            Spec = new V1.ServiceSpec
            {
                Name = "web",
                Container = new V1.ContainerSpec { Image = "alpine", CapabilityAdd = { "NET_ADMIN" } },
                Replicated = new V1.ReplicatedMode { Replicas = 1 },
            },
        };
        Assert.Equal(
            "EngineUnavailable",
            await PlaneHost.RefusedAsync(() => plane.Client.Services.CreateServiceAsync(request).ResponseAsync)
        );
        var retried = await plane.Client.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        Assert.Equal(("s1", "CAP_NET_ADMIN"), (retried.Service.Id, Assert.Single(retried.Service.Spec.Container.CapabilityAdd)));
        Assert.Single(engine.Writes);
    }

    [Fact]
    public async Task A_create_whose_answer_was_lost_does_not_take_somebody_elses_service_for_its_own()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/services/create",
            context =>
            {
                engine.Answer("/services", $"[{Service(20, 1, "of somebody else")}]");
                context.Abort();
                return Task.CompletedTask;
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var request = new V1.CreateServiceRequest
        {
            RequestId = "r1",
            NoResolveImage = true,
            Spec = new V1.ServiceSpec
            {
                Name = "web",
                Container = new V1.ContainerSpec { Image = "alpine" },
                Replicated = new V1.ReplicatedMode { Replicas = 1 },
            },
        };
        Assert.Equal(
            "EngineUnavailable",
            await PlaneHost.RefusedAsync(() => plane.Client.Services.CreateServiceAsync(request).ResponseAsync)
        );
        Assert.Equal("NameConflict", await PlaneHost.RefusedAsync(() => plane.Client.Services.CreateServiceAsync(request).ResponseAsync));
    }

    [Fact]
    public async Task A_removal_that_finds_nothing_any_more_has_come_to_the_same()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/services", $"[{Service(20, 1, "a")}]");
        engine.Answer(
            "/services/s1",
            context =>
            {
                engine.Answer("/services", "[]");
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return context.Response.WriteAsJsonNodeAsync("""{"message":"service s1 not found"}""");
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var removed = await plane.Client.Services.RemoveServiceAsync(
            new V1.RemoveServiceRequest { RequestId = "r1", Selector = "web" },
            cancellationToken: Cancel
        );
        Assert.Equal("s1", removed.ServiceId);
    }

    [Fact]
    public async Task A_removal_whose_answer_was_lost_is_answered_when_it_is_retried()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/services", $"[{Service(20, 1, "a")}]");
        engine.Answer(
            "/services/s1",
            context =>
            {
                engine.Answer("/services", "[]");
                context.Abort();
                return Task.CompletedTask;
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var request = new V1.RemoveServiceRequest { RequestId = "r1", Selector = "web" };
        Assert.Equal(
            "EngineUnavailable",
            await PlaneHost.RefusedAsync(() => plane.Client.Services.RemoveServiceAsync(request).ResponseAsync)
        );
        Assert.Equal("s1", (await plane.Client.Services.RemoveServiceAsync(request, cancellationToken: Cancel)).ServiceId);
        var again = new V1.RemoveServiceRequest { RequestId = "r2", Selector = "web" };
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => plane.Client.Services.RemoveServiceAsync(again).ResponseAsync));
    }

    [Theory]
    [InlineData(
        "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
        "NotAManager"
    )]
    [InlineData(
        "Swarm is encrypted and needs to be unlocked before it can be used. Please use \\\"docker swarm unlock\\\" to unlock it.",
        "SwarmLocked"
    )]
    public async Task A_node_that_is_no_manager_any_more_shows_nothing_of_the_swarm(string words, string errorId)
    {
        await using var engine = await FakeEngine.StartAsync();
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Single(await PlaneHost.ListAsync(plane.Client.Nodes.ListNodes(new V1.ListNodesRequest())));
        engine.Answer("/tasks", $$"""{"message":"{{words}}"}""", 503);
        Assert.Equal(errorId, await NodesRefusedAsync(plane));
    }

    [Fact]
    public async Task A_worker_is_not_asked_about_the_swarm_again_until_it_is_a_manager()
    {
        await using var engine = await FakeEngine.StartAsync();
        using var looked = new SemaphoreSlim(0);
        using var seen = new SemaphoreSlim(0);
        var asked = 0;
        Func<HttpContext, Task> worker = async context =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = 503;
            await context.Response.WriteAsJsonNodeAsync(
                """{"message":"This node is not a swarm manager. Worker nodes can't be used to view"}"""
            );
        };
        string Info(string manager) =>
            $$$$"""{"Name":"w","Swarm":{"NodeID":"n1","LocalNodeState":"active","ControlAvailable":{{{{manager}}}}}}""";
        engine.Answer("/tasks", worker);
        engine.Answer(
            "/info",
            async context =>
            {
                await context.Response.WriteAsJsonNodeAsync(Info("false"));
                looked.Release();
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        // Polling goes on, and callers get the reason why there is no answer; the engine's log has a line for each.
        await Deadline.WaitAsync(looked.WaitAsync(Cancel), "a look at the engine");
        await Deadline.WaitAsync(looked.WaitAsync(Cancel), "a look at the engine");
        Assert.Equal(1, Volatile.Read(ref asked));
        Assert.Equal("NotAManager", await NodesRefusedAsync(plane));
        Assert.Equal(2, Volatile.Read(ref asked));

        engine.Answer("/info", Info("true"));
        engine.Answer(
            "/tasks",
            async context =>
            {
                await context.Response.WriteAsJsonNodeAsync("[]");
                seen.Release();
            }
        );
        await Deadline.WaitAsync(seen.WaitAsync(Cancel), "the engine to be asked");
    }

    [Fact]
    public async Task A_network_is_shown_when_the_leader_has_given_it_its_driver_and_subnet()
    {
        await using var engine = await FakeEngine.StartAsync();
        var asked = 0;
        engine.Answer("/networks/create", """{"Id":"w1"}""", 201);
        engine.Answer(
            "/networks/w1",
            context =>
                context.Response.WriteAsJsonNodeAsync(
                    ++asked < 3
                        ? """{"Id":"w1","Name":"mynet","Scope":"swarm","Driver":"","IPAM":{"Driver":"","Config":[]}}"""
                        : """{"Id":"w1","Name":"mynet","Scope":"swarm","Driver":"overlay","IPAM":{"Driver":"default","Config":[{"Subnet":"10.0.1.0/24"}]}}"""
                )
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var network = await plane.Client.Networks.CreateNetworkAsync(
            new V1.CreateNetworkRequest { Name = "mynet" },
            cancellationToken: Cancel
        );
        Assert.Equal(("overlay", "10.0.1.0/24"), (network.Driver, Assert.Single(network.Subnets).Subnet));
    }

    [Fact]
    public async Task Who_waits_is_told_when_the_swarm_is_gone()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/services", $"[{Service(20, 1, "a")}]");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        using var call = plane.Client.Services.WaitServices(
            new V1.WaitServicesRequest { Selectors = { "web" } },
            cancellationToken: Cancel
        );
        Assert.True(await Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), "the first word of the wait"));
        Assert.False(call.ResponseStream.Current.Converged);
        engine.Answer(
            "/tasks",
            """{"message":"This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again."}""",
            503
        );
        Assert.Equal(
            "NotInSwarm",
            await PlaneHost.RefusedAsync(async () =>
            {
                while (await Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), "the wait to be refused")) { }
            })
        );
    }

    [Fact]
    public async Task Updates_that_came_between_two_looks_are_seen_by_their_tasks()
    {
        static string Versioned(int version, string image, string previous) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $$$$"""
                {"ID":"s1","Version":{"Index":{{{{version}}}}},"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:2{{{{version
                    - 20}}}}Z",
                "Spec":{"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"{{{{image}}}}"}},"Mode":{"Replicated":{"Replicas":1} } },
                "PreviousSpec":{"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"{{{{previous}}}}"}},"Mode":{"Replicated":{"Replicas":1} } } }
                """
            );
        static string TaskOf(string id, int second, string image) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $$$$"""
                {"ID":"{{{{id}}}}","Version":{"Index":{{{{20
                    + second}}}}},"CreatedAt":"2026-11-24T10:41:2{{{{second}}}}Z","UpdatedAt":"2026-11-24T10:41:2{{{{second}}}}Z",
                "Spec":{"ContainerSpec":{"Image":"{{{{image}}}}"}},"ServiceID":"s1","Slot":1,"NodeID":"n1",
                "Status":{"Timestamp":"2026-11-24T10:41:22Z","State":"shutdown"},"DesiredState":"shutdown"}
                """
            );
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/services", $"[{Versioned(22, "b", "a")}]");
        engine.Answer("/tasks", $"[{TaskOf("t1", 1, "a")},{TaskOf("t2", 2, "b")}]");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        async Task<List<string>> Images() =>
            (await PlaneHost.ListAsync(plane.Client.Services.ListServiceRevisions(new V1.ListServiceRevisionsRequest()))).ConvertAll(r =>
                r.Number.ToString(CultureInfo.InvariantCulture) + r.Spec.Container.Image
            );
        Assert.Equal(["1a", "2b"], await Images());
        // c and d came and went; e is current, and Docker would go back to d, which has no task left.
        engine.Answer("/services", $"[{Versioned(26, "e", "d")}]");
        engine.Answer("/tasks", $"[{TaskOf("t1", 1, "a")},{TaskOf("t2", 2, "b")},{TaskOf("t3", 3, "c")}]");
        Assert.Equal(["1a", "2b", "3c", "4d", "5e"], await Images());
        var tasks = await PlaneHost.ListAsync(plane.Client.Tasks.ListTasks(new V1.ListTasksRequest()));
        Assert.Equal([3UL, 2UL, 1UL], tasks.Select(t => t.Revision));
    }
}
