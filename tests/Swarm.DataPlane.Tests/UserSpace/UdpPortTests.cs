using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Swarm.Core.Model;

namespace Swarm.DataPlane.Tests.UserSpace;

/// <summary>Published UDP ports of the path through swarmd.</summary>
public sealed class UdpPortTests
{
    private readonly int _port = PublishedNode.NextPort();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_keeps_its_task_and_clients_take_turns()
    {
        await using var node = new PublishedNode();
        await using var a = new EchoTask("a");
        await using var b = new EchoTask("b");
        await node.PublishAsync(_port, PortProtocol.Udp, a, b);
        using var first = Connect(node);
        using var second = Connect(node);
        var (one, other) = (await AskAsync(first), await AskAsync(second));
        Assert.Equal(["a", "b"], new[] { one, other }.Order(StringComparer.Ordinal));
        Assert.Equal(
            [one, one, other, other],
            [await AskAsync(first), await AskAsync(first), await AskAsync(second), await AskAsync(second)]
        );
    }

    [Fact]
    public async Task A_client_goes_to_another_task_with_its_next_datagram_when_its_own_leaves()
    {
        await using var node = new PublishedNode();
        await using var a = new EchoTask("a");
        await using var b = new EchoTask("b");
        await node.PublishAsync(_port, PortProtocol.Udp, a);
        using var client = Connect(node);
        Assert.Equal("a", await AskAsync(client));
        await node.PublishAsync(_port, PortProtocol.Udp, b);
        Assert.Equal("b", await AskAsync(client));
        await node.Plane.WithdrawAsync("b", Cancel);
        await node.PublishAsync(_port, PortProtocol.Udp, a);
        Assert.Equal("a", await AskAsync(client));
    }

    [Fact]
    public async Task A_datagram_to_nobody_does_not_end_the_port()
    {
        await using var node = new PublishedNode();
        var gone = new EchoTask("gone");
        await node.PublishAsync(_port, PortProtocol.Udp, gone);
        using var client = Connect(node);
        Assert.Equal("gone", await AskAsync(client));
        await gone.DisposeAsync();
        for (var i = 0; i < 10; i++)
        {
            await client.SendAsync("?"u8.ToArray(), Cancel);
        }
        await using var b = new EchoTask("b");
        await node.PublishAsync(_port, PortProtocol.Udp, b);
        Assert.Equal("b", await AskAsync(client));
    }

    [Fact]
    public async Task A_silent_client_is_forgotten_and_makes_room_for_others()
    {
        var time = new FakeTimeProvider();
        await using var node = new PublishedNode(o => o with { Time = time, DatagramClients = 1 });
        await using var a = new EchoTask("a");
        await node.PublishAsync(_port, PortProtocol.Udp, a);
        using var first = Connect(node);
        Assert.Equal("a", await AskAsync(first));
        using var second = Connect(node);
        await second.SendAsync("?"u8.ToArray(), Cancel);
        // Its first datagram found no room: the answer to the second one is the first that comes.
        await Deadline.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(40));
                second.Client.Send("?"u8);
                return second.Available > 0;
            },
            "the second client to be answered"
        );
    }

    private UdpClient Connect(PublishedNode node)
    {
        var client = new UdpClient(AddressFamily.InterNetwork);
        client.Connect(new IPEndPoint(node.Address, _port));
        return client;
    }

    private static async Task<string> AskAsync(UdpClient client)
    {
        await client.SendAsync("?"u8.ToArray(), Cancel);
        var answer = await Deadline.WaitAsync(client.ReceiveAsync(Cancel), "the answer to a datagram");
        return Encoding.ASCII.GetString(answer.Buffer);
    }
}
