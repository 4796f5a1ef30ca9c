using System.Net;
using System.Net.Sockets;
using System.Text;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.DataPlane.UserSpace;

namespace Swarm.DataPlane.Tests.UserSpace;

/// <summary>A node's user-space path, on an address of its own, and clients of its ports.</summary>
internal sealed class PublishedNode : IAsyncDisposable
{
    private ulong _revision;

    public PublishedNode(Func<UserSpaceOptions, UserSpaceOptions>? change = null)
    {
        Address = new IPAddress([
            127,
            (byte)Random.Shared.Next(20, 60),
            (byte)Random.Shared.Next(1, 250),
            (byte)Random.Shared.Next(1, 250),
        ]);
        var options = new UserSpaceOptions
        {
            ClusterId = "cluster",
            NodeId = "node1",
            Address = Address.ToString(),
        };
        Plane = new UserSpaceDataPlane(change?.Invoke(options) ?? options);
    }

    public IPAddress Address { get; }

    public UserSpaceDataPlane Plane { get; }

    /// <summary>The node's own peer, and node2.</summary>
    public ValueList<ForwardingPeer> Peers { get; set; } = [new("node1", 0, "127.0.0.1"), new("node2", 0, "127.0.0.1")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Publishes target port 80 of the tasks.</summary>
    public Task<IReadOnlyList<string>> PublishAsync(int port, PortProtocol protocol, params EchoTask[] tasks) =>
        PublishAsync(port, protocol, "node1", tasks);

    public Task<IReadOnlyList<string>> PublishAsync(int port, PortProtocol protocol, string nodeId, params EchoTask[] tasks)
    {
        var backends = tasks
            .Select(task => new ForwardingBackend(
                task.Name,
                nodeId,
                new TaskEndpoint("127.0.0.1", [new TaskPort(80, protocol, (uint)task.Port)])
            ))
            .ToValueList();
        var published = new PublishedPort
        {
            Target = 80,
            Published = (uint)port,
            Protocol = protocol,
        };
        return Deadline.WaitAsync(
            Plane.ApplyAsync(
                new ForwardingTable
                {
                    Revision = ++_revision,
                    Peers = Peers,
                    Services = [new ForwardedService("s1", "web", [published], backends)],
                },
                Cancel
            ),
            "the table to be in force"
        );
    }

    public Task<IReadOnlyList<string>> PublishNothingAsync() =>
        Deadline.WaitAsync(
            Plane.ApplyAsync(new ForwardingTable { Revision = ++_revision, Peers = Peers }, Cancel),
            "the table to be in force"
        );

    public async Task<Socket> ConnectAsync(int port)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await Deadline.WaitAsync(client.ConnectAsync(new IPEndPoint(Address, port)), "the node to accept");
        return client;
    }

    /// <summary>The name of the task that a new connection reaches; the client closes it at once.</summary>
    public async Task<string> AskAsync(int port)
    {
        using var client = await ConnectAsync(port);
        return await ReadAsync(client);
    }

    public static async Task<string> ReadAsync(Socket client)
    {
        var buffer = new byte[256];
        var bytes = await Deadline.WaitAsync(client.ReceiveAsync(buffer.AsMemory(), Cancel), "an answer");
        return Encoding.ASCII.GetString(buffer, 0, bytes);
    }

    /// <summary>A port that no other test of this process uses: each node has an address of its own.</summary>
    public static int NextPort() => Interlocked.Increment(ref _port);

    private static int _port = 20_000;

    public ValueTask DisposeAsync() => Plane.DisposeAsync();
}
