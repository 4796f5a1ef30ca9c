using Microsoft.AspNetCore.Http;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Inits and joins whose answer was lost: the engine is in the swarm, and the retry is no second one.</summary>
public sealed class SwarmEntryFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static void Become(FakeEngine engine, string state, bool manager = true) =>
        engine.Answer(
            "/info",
            $$$$"""
            {"Name":"manager1","Swarm":{"NodeID":"{{{{(
                state == "inactive" ? "" : "n1"
            )}}}}","NodeAddr":"10.0.0.1","LocalNodeState":"{{{{state}}}}",
            "ControlAvailable":{{{{(manager && state == "active" ? "true" : "false")}}}},"Cluster":{"ID":"c1"} } }
            """
        );

    /// <summary>An engine outside of a swarm. The first request ends in <paramref name="state"/> without an answer; each other one is
    /// refused as a second one.</summary>
    private static async Task<FakeEngine> EngineAsync(string path, string state, bool manager = true)
    {
        var engine = await FakeEngine.StartAsync();
        Become(engine, "inactive");
        engine.Answer("/swarm/unlockkey", """{"UnlockKey":"SWMKEY-1-x"}""");
        engine.Answer(
            path,
            context =>
            {
                Become(engine, state, manager);
                engine.Answer(path, FakeEngine.AlreadyInSwarm, StatusCodes.Status503ServiceUnavailable);
                context.Abort();
                return Task.CompletedTask;
            }
        );
        return engine;
    }

    private static V1.InitSwarmRequest Init(string requestId) =>
        new()
        {
            RequestId = requestId,
            AdvertiseAddress = "10.0.0.1",
            Settings = new() { Autolock = true },
        };

    private static V1.JoinSwarmRequest Join(string requestId) =>
        new()
        {
            RequestId = requestId,
            Token = "SWMTKN-1-x",
            RemoteAddresses = { "10.0.0.2" },
        };

    private static Task<string> RefusedAsync(PlaneHost plane, V1.InitSwarmRequest request) =>
        PlaneHost.RefusedAsync(() => plane.Client.Membership.InitSwarmAsync(request).ResponseAsync);

    private static Task<string> RefusedAsync(PlaneHost plane, V1.JoinSwarmRequest request) =>
        PlaneHost.RefusedAsync(() => plane.Client.Membership.JoinSwarmAsync(request).ResponseAsync);

    [Fact]
    public async Task An_init_whose_answer_was_lost_is_answered_when_it_is_retried_and_another_one_is_not()
    {
        await using var engine = await EngineAsync("/swarm/init", "active");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal("EngineUnavailable", await RefusedAsync(plane, Init("r1")));
        Assert.Equal("AlreadyInSwarm", await RefusedAsync(plane, Init("r2")));
        var retried = await plane.Client.Membership.InitSwarmAsync(Init("r1"), cancellationToken: Cancel);
        Assert.Equal(("n1", "c1", "SWMKEY-1-x"), (retried.NodeId, retried.ClusterId, retried.UnlockKey));
        Assert.Equal(2, engine.Writes.Count);
    }

    [Fact]
    public async Task A_join_whose_answer_was_lost_is_answered_when_it_is_retried_and_another_one_is_not()
    {
        await using var engine = await EngineAsync("/swarm/join", "active", manager: false);
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal("EngineUnavailable", await RefusedAsync(plane, Join("r1")));
        Assert.Equal("AlreadyInSwarm", await RefusedAsync(plane, Join("r2")));
        var retried = await plane.Client.Membership.JoinSwarmAsync(Join("r1"), cancellationToken: Cancel);
        Assert.Equal(("n1", V1.NodeRole.Worker), (retried.NodeId, retried.Role));
        Assert.Equal(2, engine.Writes.Count);
    }

    [Theory]
    [InlineData("pending", "NodePending")]
    [InlineData("locked", "SwarmLocked")]
    [InlineData("error", "AlreadyInSwarm")]
    public async Task A_retry_is_told_what_became_of_the_join(string state, string errorId)
    {
        await using var engine = await EngineAsync("/swarm/join", state);
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal("EngineUnavailable", await RefusedAsync(plane, Join("r1")));
        Assert.Equal(errorId, await RefusedAsync(plane, Join("r1")));
    }

    [Fact]
    public async Task A_join_that_was_answered_is_answered_again()
    {
        await using var engine = await FakeEngine.StartAsync();
        Become(engine, "inactive");
        engine.Answer(
            "/swarm/join",
            async context =>
            {
                Become(engine, "active");
                engine.Answer("/swarm/join", FakeEngine.AlreadyInSwarm, StatusCodes.Status503ServiceUnavailable);
                await context.Response.WriteAsJsonNodeAsync("null");
            }
        );
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal("n1", (await plane.Client.Membership.JoinSwarmAsync(Join("r1"), cancellationToken: Cancel)).NodeId);
        Assert.Equal("n1", (await plane.Client.Membership.JoinSwarmAsync(Join("r1"), cancellationToken: Cancel)).NodeId);
        Assert.Single(engine.Writes);
    }

    [Fact]
    public async Task An_engine_that_was_in_a_swarm_before_was_not_taken_in_by_the_request_whose_answer_was_lost()
    {
        await using var engine = await EngineAsync("/swarm/join", "active");
        Become(engine, "active");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        Assert.Equal("EngineUnavailable", await RefusedAsync(plane, Join("r1")));
        Assert.Equal("AlreadyInSwarm", await RefusedAsync(plane, Join("r1")));
    }
}
