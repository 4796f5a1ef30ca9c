using Grpc.Core;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Host commands through the docker control plane: this host is in reach, another node's is not, and nothing is done there.</summary>
public sealed class HostCommandTests
{
    private static readonly string s_otherNode = FakeEngine
        .Node.Replace("\"n1\"", "\"n2\"", StringComparison.Ordinal)
        .Replace("manager1", "worker1", StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("manager1")]
    public async Task This_host_answers(string selector)
    {
        await using var engine = await FakeEngine.StartAsync();
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var response = await ProbeAsync(plane, selector);
        Assert.Equal("127.0.0.1:1", Assert.Single(response.Answer.Probes).Target);
    }

    [Fact]
    public async Task Another_node_is_named_as_out_of_reach()
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/nodes", $"[{FakeEngine.Node},{s_otherNode}]");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var refused = await Assert.ThrowsAsync<RpcException>(() => ProbeAsync(plane, "worker1"));
        Assert.Equal("NodeNotConnected", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal(
            "With the docker control plane this swarmd reaches its own host only, not worker1: nothing was done there.",
            refused.Status.Detail
        );
        // Port 2377, which Connect-Swarm takes by itself, is the engine's.
        Assert.Equal(
            "Run the cmdlet on worker1, as root; or connect to its swarmd with Connect-Swarm -ManagerAddress HOST:2378 (port 2377 is the engine's).",
            refused.Trailers.GetValue("swarm-action")
        );
    }

    private static async Task<Wire.RunHostCommandResponse> ProbeAsync(PlaneHost plane, string selector) =>
        await plane.Client.RunHostCommandAsync(
            new Wire.RunHostCommandRequest
            {
                Selector = selector,
                Command = new Wire.HostCommand { Probe = new Wire.ProbeCommand { Tcp = { "127.0.0.1:1" } } },
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
}
