using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Networks of an engine without a usable swarm, or whose answers are lost.</summary>
public sealed class DockerNetworkFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Requests to the swarm; a list of networks is answered all the same, with the host's networks only.</summary>
    private static readonly string[] OfTheSwarm =
    [
        "/swarm",
        "/nodes",
        "/services",
        "/tasks",
        "/networks/create",
        "/networks/n1",
        "/services/create",
    ];

    private static readonly Dictionary<string, Func<V1.ControlClient, Task>> Calls = new()
    {
        ["list"] = static c => PlaneHost.ListAsync(c.Networks.ListNetworks(new())),
        ["list by name"] = static c => PlaneHost.ListAsync(c.Networks.ListNetworks(new() { Selectors = { "mynet" } })),
        ["create"] = static c => c.Networks.CreateNetworkAsync(new() { Name = "mynet" }).ResponseAsync,
        ["remove"] = static c => c.Networks.RemoveNetworkAsync(new() { Selector = "mynet" }).ResponseAsync,
        ["create a service"] = static c => c.Services.CreateServiceAsync(new() { Spec = Attached(), NoResolveImage = true }).ResponseAsync,
        ["update a service"] = static c =>
            c.Services.UpdateServiceAsync(
                new()
                {
                    Selector = "web",
                    Spec = Attached(),
                    NoResolveImage = true,
                }
            ).ResponseAsync,
    };

    private static V1.ServiceSpec Attached() =>
        new()
        {
            Name = "web",
            Container = new() { Image = "alpine" },
            Replicated = new() { Replicas = 1 },
            Networks = { "mynet" },
        };

    /// <summary>Messages of an engine 20.10.24.</summary>
    [Theory]
    [InlineData(
        503,
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.",
        "NotInSwarm"
    )]
    [InlineData(
        503,
        "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
        "NotAManager"
    )]
    [InlineData(
        503,
        "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker swarm unlock\" to unlock it.",
        "SwarmLocked"
    )]
    [InlineData(
        500,
        "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.",
        "NoLeader"
    )]
    public async Task Without_a_swarm_to_ask_networks_are_refused_as_everything_else(int status, string words, string errorId)
    {
        await using var engine = await FakeEngine.StartAsync();
        var refusal = new JsonObject { ["message"] = words }.ToJsonString();
        foreach (var path in OfTheSwarm)
        {
            engine.Answer(path, refusal, status);
        }
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        foreach (var (name, call) in Calls)
        {
            Assert.Equal((name, errorId), (name, await PlaneHost.RefusedAsync(() => call(plane.Client))));
        }
        Assert.Empty(engine.Writes);
    }

    private static V1.CreateNetworkRequest Asked(string requestId, string label = "a") =>
        new()
        {
            RequestId = requestId,
            Name = "mynet",
            Attachable = true,
            Encrypted = true,
            Labels = { ["l"] = label },
            Options = { ["com.docker.network.driver.mtu"] = "1400" },
            Subnets = { new V1.NetworkSubnet { Subnet = "10.0.9.0/24" } },
        };

    /// <summary>The network as the leader completes it, with the driver's own options and a gateway.</summary>
    private const string Made = """
        {"Id":"w1","Name":"mynet","Created":"2026-11-24T10:41:21Z","Scope":"swarm","Driver":"overlay","Attachable":true,"Internal":false,"EnableIPv6":false,
        "Labels":{"l":"a"},"Options":{"encrypted":"","com.docker.network.driver.mtu":"1400","com.docker.network.driver.overlay.vxlanid_list":"4097"},
        "IPAM":{"Driver":"default","Config":[{"Subnet":"10.0.9.0/24","Gateway":"10.0.9.1"}]}}
        """;

    private static void Show(FakeEngine engine, string network)
    {
        engine.Answer("/networks", $"[{network}]");
        engine.Answer("/networks/w1", network);
    }

    [Fact]
    public async Task A_create_whose_answer_was_lost_is_found_by_its_retry_and_by_nobody_else()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/networks/create",
            context =>
            {
                Show(engine, Made);
                context.Abort();
                return Task.CompletedTask;
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Task<string> RefusedAsync(string requestId) =>
            PlaneHost.RefusedAsync(() => plane.Client.Networks.CreateNetworkAsync(Asked(requestId)).ResponseAsync);

        Assert.Equal("EngineUnavailable", await RefusedAsync("r1"));
        Assert.Equal("NameConflict", await RefusedAsync("r2"));
        Assert.Equal("w1", (await plane.Client.Networks.CreateNetworkAsync(Asked("r1"), cancellationToken: Cancel)).Id);
        Assert.Single(engine.Writes);
    }

    [Theory]
    [InlineData("\"l\":\"a\"", "\"l\":\"b\"")]
    [InlineData("\"Scope\":\"swarm\"", "\"Scope\":\"local\"")]
    [InlineData("\"Driver\":\"overlay\"", "\"Driver\":\"weave\"")]
    [InlineData("\"Attachable\":true", "\"Attachable\":false")]
    [InlineData("\"Internal\":false", "\"Internal\":true")]
    [InlineData("\"EnableIPv6\":false", "\"EnableIPv6\":true")]
    [InlineData("\"encrypted\":\"\",", "")]
    [InlineData("\"encrypted\":\"\"", "\"encrypted\":\"\",\"foo\":\"1\"")]
    [InlineData("1400", "1450")]
    [InlineData("10.0.9.0/24", "10.0.8.0/24")]
    public async Task A_create_whose_answer_was_lost_does_not_take_somebody_elses_network_for_its_own(string ours, string theirs)
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/networks/create",
            context =>
            {
                Show(engine, Made.Replace(ours, theirs, StringComparison.Ordinal));
                context.Abort();
                return Task.CompletedTask;
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal(
            "EngineUnavailable",
            await PlaneHost.RefusedAsync(() => plane.Client.Networks.CreateNetworkAsync(Asked("r1")).ResponseAsync)
        );
        Assert.Equal(
            "NameConflict",
            await PlaneHost.RefusedAsync(() => plane.Client.Networks.CreateNetworkAsync(Asked("r1")).ResponseAsync)
        );
        Assert.Single(engine.Writes);
    }

    [Fact]
    public async Task A_create_that_was_answered_is_answered_again_and_one_that_was_refused_is_asked_for_again()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/networks/create",
            """{"message":"invalid pool request: Pool overlaps with other one on this address space"}""",
            403
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal(
            "SubnetInUse",
            await PlaneHost.RefusedAsync(() => plane.Client.Networks.CreateNetworkAsync(Asked("r1")).ResponseAsync)
        );
        engine.Answer(
            "/networks/create",
            async context =>
            {
                Show(engine, Made);
                context.Response.StatusCode = 201;
                await context.Response.WriteAsJsonNodeAsync("""{"Id":"w1"}""");
            }
        );
        Assert.Equal("w1", (await plane.Client.Networks.CreateNetworkAsync(Asked("r1"), cancellationToken: Cancel)).Id);
        Assert.Equal("w1", (await plane.Client.Networks.CreateNetworkAsync(Asked("r1"), cancellationToken: Cancel)).Id);
        Assert.Equal(["POST /networks/create", "POST /networks/create"], engine.Writes.Select(w => w.Call));
    }

    [Fact]
    public async Task A_removal_whose_answer_was_lost_is_answered_when_it_is_retried()
    {
        await using var engine = await FakeEngine.StartAsync();
        Show(engine, Made);
        engine.Answer(
            "/networks/w1",
            context =>
            {
                engine.Answer("/networks", "[]");
                context.Abort();
                return Task.CompletedTask;
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var request = new V1.RemoveNetworkRequest { RequestId = "r1", Selector = "mynet" };
        Assert.Equal(
            "EngineUnavailable",
            await PlaneHost.RefusedAsync(() => plane.Client.Networks.RemoveNetworkAsync(request).ResponseAsync)
        );
        await plane.Client.Networks.RemoveNetworkAsync(request, cancellationToken: Cancel);
        var another = new V1.RemoveNetworkRequest { RequestId = "r2", Selector = "mynet" };
        Assert.Equal(
            "NetworkNotFound",
            await PlaneHost.RefusedAsync(() => plane.Client.Networks.RemoveNetworkAsync(another).ResponseAsync)
        );
    }

    [Fact]
    public async Task A_network_that_is_in_use_is_refused_with_the_names_of_all_its_services()
    {
        await using var engine = await FakeEngine.StartAsync();
        Show(engine, Made);
        var services = new FakeObjects(engine, "/services");
        foreach (var (id, name, network) in new[] { ("s2", "web", "w1"), ("s1", "db", "w1"), ("s3", "alone", "w2") })
        {
            services.Add(
                id,
                $$$$"""
                {"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:21Z",
                "Spec":{"Name":"{{{{name}}}}","Labels":{},"TaskTemplate":{"ContainerSpec":{"Image":"a"},"Networks":[{"Target":"{{{{network}}}}"}]},"Mode":{"Replicated":{"Replicas":1} } } }
                """
            );
        }
        engine.Answer(
            "/networks/w1",
            """{"message":"rpc error: code = FailedPrecondition desc = network w1 is in use by service s2"}""",
            400
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            plane.Client.Networks.RemoveNetworkAsync(new() { Selector = "mynet" }).ResponseAsync
        );
        Assert.Equal("NetworkInUse", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal("network mynet is in use by services db, web", refused.Status.Detail);
        Assert.Equal(
            "Remove what uses it first, or take it away: Set-SwarmService db -RemoveNetwork mynet.",
            Encoding.UTF8.GetString(refused.Trailers.GetValueBytes("swarm-action-bin")!)
        );
        // Its service is gone, and a task of it still stops.
        engine.Answer("/services", "[]");
        engine.Answer("/networks/w1", """{"message":"rpc error: code = FailedPrecondition desc = network w1 is in use by task t1"}""", 400);
        refused = await Assert.ThrowsAsync<RpcException>(() =>
            plane.Client.Networks.RemoveNetworkAsync(new() { Selector = "mynet" }).ResponseAsync
        );
        Assert.Equal("network mynet is in use by task t1", refused.Status.Detail);
    }
}
