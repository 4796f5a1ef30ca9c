using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Swarm.Core.Model;

namespace Swarm.DataPlane.Tests.UserSpace;

/// <summary>Published TCP ports of the path through swarmd.</summary>
public sealed class TcpPortTests
{
    private readonly int _port = PublishedNode.NextPort();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tasks_take_turns()
    {
        await using var node = new PublishedNode();
        await using var a = new EchoTask("a");
        await using var b = new EchoTask("b");
        await using var c = new EchoTask("c");
        Assert.Empty(await node.PublishAsync(_port, PortProtocol.Tcp, a, b, c));
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < 300; i++)
        {
            var name = await node.AskAsync(_port);
            counts[name] = counts.GetValueOrDefault(name) + 1;
        }
        Assert.Equal([100, 100, 100], counts.Values);
    }

    [Fact]
    public async Task A_task_that_does_not_listen_is_passed_over_and_the_client_sees_nothing_of_it()
    {
        await using var node = new PublishedNode();
        var gone = new EchoTask("gone");
        await using var b = new EchoTask("b");
        await node.PublishAsync(_port, PortProtocol.Tcp, gone, b);
        await gone.DisposeAsync();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("b", await node.AskAsync(_port));
        }
    }

    [Fact]
    public async Task A_client_waits_for_the_only_task_that_listens_a_little_late()
    {
        await using var node = new PublishedNode();
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        late.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var place = new EchoTask("place");
        await node.Plane.ApplyAsync(
            new()
            {
                Peers = node.Peers,
                Services =
                [
                    new(
                        "s1",
                        "web",
                        [new PublishedPort { Target = 80, Published = (uint)_port }],
                        [
                            new(
                                "late",
                                "node1",
                                new TaskEndpoint("127.0.0.1", [new(80, PortProtocol.Tcp, (uint)((IPEndPoint)late.LocalEndPoint!).Port)])
                            ),
                        ]
                    ),
                ],
            },
            Cancel
        );
        using var client = await node.ConnectAsync(_port);
        late.Listen();
        using var accepted = await Deadline.WaitAsync(late.AcceptAsync(), "the connection of the client that waits");
        await accepted.SendAsync("late"u8.ToArray());
        Assert.Equal("late", await PublishedNode.ReadAsync(client));
    }

    [Fact]
    public async Task Without_a_task_a_client_is_refused_at_once()
    {
        await using var node = new PublishedNode();
        await node.PublishAsync(_port, PortProtocol.Tcp);
        var error = await Assert.ThrowsAsync<SocketException>(() => node.AskAsync(_port));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task Bytes_pass_whole_and_one_side_may_end_first()
    {
        await using var node = new PublishedNode();
        await using var task = new EchoTask("a");
        await node.PublishAsync(_port, PortProtocol.Tcp, task);
        using var client = await node.ConnectAsync(_port);
        Assert.Equal("a", await PublishedNode.ReadAsync(client));
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var received = new MemoryStream();
        var receiving = Task.Run(async () =>
        {
            var buffer = new byte[64 * 1024];
            while (await client.ReceiveAsync(buffer.AsMemory(), Cancel) is > 0 and var bytes)
            {
                received.Write(buffer, 0, bytes);
            }
        });
        for (var at = 0; at < sent.Length; )
        {
            at += await Deadline.WaitAsync(client.SendAsync(sent.AsMemory(at), Cancel), "the bytes to be taken");
        }
        client.Shutdown(SocketShutdown.Send);
        await Deadline.WaitAsync(receiving, "the end of the other side");
        Assert.Equal([.. sent, .. "end"u8], received.ToArray());
    }

    [Fact]
    public async Task A_connection_keeps_its_task_whatever_tables_come()
    {
        await using var node = new PublishedNode();
        await using var a = new EchoTask("a");
        await using var b = new EchoTask("b");
        await node.PublishAsync(_port, PortProtocol.Tcp, a);
        using var client = await node.ConnectAsync(_port);
        Assert.Equal("a", await PublishedNode.ReadAsync(client));
        await node.PublishAsync(_port, PortProtocol.Tcp, b);
        await node.PublishNothingAsync();
        await client.SendAsync("still here"u8.ToArray());
        Assert.Equal("still here", await PublishedNode.ReadAsync(client));
    }

    [Fact]
    public async Task A_connection_to_a_node_that_is_gone_is_reset()
    {
        await using var node = new PublishedNode();
        await using var a = new EchoTask("a");
        await node.PublishAsync(_port, PortProtocol.Tcp, "node2", a);
        using var client = await node.ConnectAsync(_port);
        Assert.Equal("a", await PublishedNode.ReadAsync(client));
        node.Peers = [node.Peers[0]];
        await node.PublishAsync(_port, PortProtocol.Tcp);
        var error = await Assert.ThrowsAsync<SocketException>(() => PublishedNode.ReadAsync(client));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_withdrawn_task_is_out_until_a_table_that_does_not_name_it()
    {
        await using var node = new PublishedNode();
        await using var a = new EchoTask("a");
        await using var b = new EchoTask("b");
        await node.PublishAsync(_port, PortProtocol.Tcp, a, b);
        await node.Plane.WithdrawAsync("a", Cancel);
        Assert.Equal(["b", "b", "b"], [await node.AskAsync(_port), await node.AskAsync(_port), await node.AskAsync(_port)]);
        // This table was made before the managers heard of it.
        await node.PublishAsync(_port, PortProtocol.Tcp, a, b);
        Assert.Equal(["b", "b", "b"], [await node.AskAsync(_port), await node.AskAsync(_port), await node.AskAsync(_port)]);
        await node.PublishAsync(_port, PortProtocol.Tcp, b);
        await node.PublishAsync(_port, PortProtocol.Tcp, a);
        Assert.Equal("a", await node.AskAsync(_port));
    }

    [Fact]
    public async Task A_port_of_another_process_is_told_and_tried_again()
    {
        await using var node = new PublishedNode();
        await using var task = new EchoTask("a");
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(node.Address, _port));
        other.Listen();
        Assert.Equal(
            [$"Port {_port}/tcp of service web is not open on this node: another process has it."],
            await node.PublishAsync(_port, PortProtocol.Tcp, task)
        );
        other.Close();
        Assert.Empty(await node.PublishAsync(_port, PortProtocol.Tcp, task));
        Assert.Equal("a", await node.AskAsync(_port));
        await node.PublishNothingAsync();
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var error = Assert.Throws<SocketException>(() => late.Connect(new IPEndPoint(node.Address, _port)));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_thousand_connections_hold_at_one_time()
    {
        await using var node = new PublishedNode();
        await using var a = new EchoTask("a");
        await using var b = new EchoTask("b");
        await node.PublishAsync(_port, PortProtocol.Tcp, a, b);
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < 1_000; i++)
            {
                clients.Add(await node.ConnectAsync(_port));
            }
            foreach (var client in clients)
            {
                await PublishedNode.ReadAsync(client);
            }
            foreach (var client in clients)
            {
                await client.SendAsync("x"u8.ToArray());
                Assert.Equal("x", await PublishedNode.ReadAsync(client));
            }
            Assert.Equal((500, 500), (a.Accepted, b.Accepted));
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }
}
