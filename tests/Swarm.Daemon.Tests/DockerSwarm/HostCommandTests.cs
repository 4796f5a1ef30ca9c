using Google.Protobuf;
using Grpc.Core;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Host commands through the docker control plane: this host can be reached, another node's cannot, and nothing is changed
/// there.</summary>
public sealed class HostCommandTests
{
    private static readonly string OtherNode = FakeEngine
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
        engine.Answer("/nodes", $"[{FakeEngine.Node},{OtherNode}]");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var refused = await Assert.ThrowsAsync<RpcException>(() => ProbeAsync(plane, "worker1"));
        Assert.Equal("NodeNotConnected", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal(
            "With the docker control plane this swarmd reaches its own host and its peers only, and worker1 is none: nothing was done there.",
            refused.Status.Detail
        );
        // Port 2377, the default of Connect-Swarm, is the engine's.
        Assert.Equal(
            "Make it a peer: New-SwarmCredential on worker1, and --peer worker1=HOST:2378,FILE for this swarmd. Or run the cmdlet on worker1, as root; or connect to its swarmd with Connect-Swarm -ManagerAddress HOST:2378 (port 2377 is the engine's).",
            refused.Trailers.GetValue("swarm-action")
        );
    }

    [Theory]
    [InlineData(0, 1, 7946u, 1000u)]
    [InlineData(65, 1, 7946u, 1000u)]
    [InlineData(16, 17, 7946u, 1000u)]
    [InlineData(16, 1, 0u, 1000u)]
    [InlineData(16, 1, 65536u, 1000u)]
    [InlineData(16, 1, 7946u, 30001u)]
    public async Task A_host_does_not_listen_without_limits(int payload, int ports, uint port, uint patience)
    {
        await using var engine = await FakeEngine.StartAsync();
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var listen = new V1.ListenCommand { Payload = ByteString.CopyFrom(new byte[payload]), PatienceMilliseconds = patience };
        listen.Udp.AddRange(Enumerable.Repeat(port, ports));
        Assert.Equal(
            "InvalidArgument",
            await PlaneHost.RefusedAsync(async () =>
                await plane.Client.Daemon.RunHostCommandAsync(
                    new V1.RunHostCommandRequest { Command = new V1.HostCommand { Listen = listen } },
                    cancellationToken: TestContext.Current.CancellationToken
                )
            )
        );
    }

    private static async Task<V1.RunHostCommandResponse> ProbeAsync(PlaneHost plane, string selector) =>
        await plane.Client.Daemon.RunHostCommandAsync(
            new V1.RunHostCommandRequest
            {
                Selector = selector,
                Command = new V1.HostCommand { Probe = new V1.ProbeCommand { Tcp = { "127.0.0.1:1" } } },
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
}
