using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>A join that the engine gives up: swarmd names the port that did not answer, because the engine does not.</summary>
public sealed class JoinFaultTests
{
    private const string Timeout =
        "Timeout was reached before node joined. The attempt to join the swarm will continue in the background. Use the \\\"docker info\\\" command to see the current swarm status of your node.";

    private const string Dialing =
        "rpc error: code = Unavailable desc = connection error: desc = \\\"transport: Error while dialing dial tcp: connect: no route to host\\\"";

    private const string GoesOn = " The engine goes on trying: Get-Swarm shows how it stands, Exit-Swarm -Force gives up.";

    [Theory]
    [InlineData(Timeout, GoesOn)]
    [InlineData(Dialing, "")]
    [InlineData("rpc error: code = DeadlineExceeded desc = context deadline exceeded", "")]
    public async Task A_closed_port_is_named_as_the_builtin_plane_names_it(string words, string afterwards)
    {
        using var manager = new ClosedPort("127.0.0.1");
        var address = $"127.0.0.1:{manager.Port}";
        var refused = await JoinAsync(words, address);
        Assert.Equal("ManagerUnreachable", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal(
            $"The manager at {address} cannot be reached: {manager.Port}/tcp on 127.0.0.1 does not answer: Connection refused.",
            refused.Status.Detail
        );
        Assert.Equal(
            $"Check the address, that an engine runs there as a manager, and that no firewall on the way closes {manager.Port}/tcp. Add-SwarmFirewallRule opens it on the manager; Test-SwarmFirewallRule -Address tries it from here.{afterwards}",
            refused.Trailers.GetValue("swarm-action")
        );
    }

    [Fact]
    public async Task Of_several_managers_the_ones_that_do_not_answer_are_named()
    {
        using var open = new TcpListener(IPAddress.Loopback, 0);
        open.Start();
        using var closed = new ClosedPort("127.0.0.1");
        var refused = await JoinAsync(Timeout, open.LocalEndpoint.ToString()!, $"127.0.0.1:{closed.Port}");
        Assert.Equal("ManagerUnreachable", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal(
            $"Timeout was reached before the node joined; the engine goes on trying ({closed.Port}/tcp on 127.0.0.1 does not answer: Connection refused).",
            refused.Status.Detail
        );
    }

    [Theory]
    [InlineData(Timeout, true, "Timeout was reached before the node joined; the engine goes on trying.")]
    [InlineData("invalid join token", false, "invalid join token")]
    public async Task Where_no_port_is_to_blame_the_engines_words_stay(string words, bool open, string detail)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var closed = new ClosedPort("127.0.0.1");
        var address = open ? listener.LocalEndpoint.ToString()! : $"127.0.0.1:{closed.Port}";
        Assert.Equal(detail, (await JoinAsync(words, address)).Status.Detail);
    }

    private static async Task<RpcException> JoinAsync(string words, params string[] managers)
    {
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer("/swarm/join", $$"""{"message":"{{words}}"}""", 503);
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var request = new V1.JoinSwarmRequest { Token = "SWMTKN-1-x", RemoteAddresses = { managers } };
        return await Assert.ThrowsAsync<RpcException>(() =>
            plane.Client.Membership.JoinSwarmAsync(request, cancellationToken: TestContext.Current.CancellationToken).ResponseAsync
        );
    }
}
