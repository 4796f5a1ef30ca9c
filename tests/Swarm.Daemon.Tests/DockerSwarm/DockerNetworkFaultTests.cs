using System.Text.Json.Nodes;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Networks of an engine that has no swarm to ask, or whose answers are lost.</summary>
public sealed class DockerNetworkFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What is asked of the swarm; a list of networks is answered all the same, with those of the host alone.</summary>
    private static readonly string[] s_ofTheSwarm =
    [
        "/swarm",
        "/nodes",
        "/services",
        "/tasks",
        "/networks/create",
        "/networks/n1",
        "/services/create",
    ];

    private static readonly Dictionary<string, Func<Wire.Control.ControlClient, Task>> s_calls = new()
    {
        ["list"] = static c => PlaneHost.ListAsync(c.ListNetworks(new())),
        ["list by name"] = static c => PlaneHost.ListAsync(c.ListNetworks(new() { Selectors = { "mynet" } })),
        ["create"] = static c => c.CreateNetworkAsync(new() { Name = "mynet" }).ResponseAsync,
        ["remove"] = static c => c.RemoveNetworkAsync(new() { Selector = "mynet" }).ResponseAsync,
        ["create a service"] = static c => c.CreateServiceAsync(new() { Spec = Attached(), NoResolveImage = true }).ResponseAsync,
        ["update a service"] = static c =>
            c.UpdateServiceAsync(
                new()
                {
                    Selector = "web",
                    Spec = Attached(),
                    NoResolveImage = true,
                }
            ).ResponseAsync,
    };

    private static Wire.ServiceSpec Attached() =>
        new()
        {
            Name = "web",
            Container = new() { Image = "alpine" },
            Replicated = new() { Replicas = 1 },
            Networks = { "mynet" },
        };

    /// <summary>Words of an engine 20.10.24.</summary>
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
        foreach (var path in s_ofTheSwarm)
        {
            engine.Answer(path, refusal, status);
        }
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        foreach (var (name, call) in s_calls)
        {
            Assert.Equal((name, errorId), (name, await PlaneHost.RefusedAsync(() => call(plane.Client))));
        }
        Assert.Empty(engine.Writes);
    }
}
