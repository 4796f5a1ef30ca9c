using System.Net;
using System.Net.Sockets;
using Swarm.Core.Model;

namespace Swarm.DataPlane.Tests.UserSpace;

/// <summary>The places of process tasks, and their connections.</summary>
public sealed class TaskPlaceTests
{
    private static readonly ValueList<PublishedPort> Web = [new PublishedPort { Target = 8080, Published = 80 }];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_a_loopback_node_each_task_has_an_address_of_its_own()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has all of 127.0.0.0/8.");
        await using var node = new PublishedNode();
        await using var twin = new PublishedNode(o => o with { Address = node.Address.ToString() });
        var places = new List<TaskEndpoint>();
        for (var i = 0; i < 5; i++)
        {
            places.Add((await node.Plane.AttachAsync(new($"a{i}", Web, null), Cancel))!);
            // Another swarmd of the same machine, with the same idea where to begin.
            places.Add((await twin.Plane.AttachAsync(new($"b{i}", Web, null), Cancel))!);
        }
        Assert.Equal(10, places.Select(static p => p.Address).Distinct().Count());
        Assert.All(places, static p => Assert.StartsWith("127.", p.Address, StringComparison.Ordinal));
        Assert.All(places, static p => Assert.Equal(8080u, p.PortFor(8080, PortProtocol.Tcp)));
    }

    [Fact]
    public async Task A_place_is_kept_over_a_restart_and_used_again_late()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has all of 127.0.0.0/8.");
        TaskEndpoint had;
        await using (var node = new PublishedNode())
        {
            had = (await node.Plane.AttachAsync(new("a", Web, null), Cancel))!;
        }
        await using var restarted = new PublishedNode();
        Assert.Equal(had, await restarted.Plane.AttachAsync(new("a", Web, had), Cancel));
        var next = (await restarted.Plane.AttachAsync(new("b", Web, null), Cancel))!;
        Assert.NotEqual(had.Address, next.Address);
        await restarted.Plane.DetachAsync("a", Cancel);
        Assert.NotEqual(had.Address, (await restarted.Plane.AttachAsync(new("c", Web, null), Cancel))!.Address);
    }

    [Fact]
    public async Task On_a_host_a_task_gets_a_free_port_of_the_node()
    {
        var own = (await Dns.GetHostAddressesAsync(Dns.GetHostName(), AddressFamily.InterNetwork, Cancel)).FirstOrDefault(static a =>
            !IPAddress.IsLoopback(a)
        );
        Assert.SkipWhen(own is null, "This machine has loopback addresses only.");
        await using var node = new PublishedNode(o => o with { Address = own.ToString() });
        var place = (await node.Plane.AttachAsync(new("a", Web, null), Cancel))!;
        Assert.Equal(own.ToString(), place.Address);
        var port = Assert.Single(place.Ports);
        Assert.Equal((8080u, PortProtocol.Tcp), (port.Target, port.Protocol));
        using var task = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        task.Bind(new IPEndPoint(own, (int)port.Listening));
    }

    [Fact]
    public async Task A_task_that_publishes_nothing_has_no_place()
    {
        await using var node = new PublishedNode();
        Assert.Null(await node.Plane.AttachAsync(new("a", [], null), Cancel));
    }

    [Fact]
    public async Task A_drain_waits_for_a_connection_in_use_and_not_for_a_silent_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems do not tell for how long a connection was silent.");
        await using var node = new PublishedNode();
        var place = (await node.Plane.AttachAsync(new("a", Web, null), Cancel))!;
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Parse(place.Address), 8080));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!, Cancel);
        using var accepted = await listener.AcceptAsync(Cancel);

        using var used = new CancellationTokenSource();
        var use = Task.Run(
            async () =>
            {
                while (!used.IsCancellationRequested)
                {
                    await client.SendAsync("x"u8.ToArray());
                    await Task.Delay(100, CancellationToken.None);
                }
            },
            Cancel
        );
        var drain = node.Plane.DrainAsync("a", [8080], TimeSpan.FromMinutes(5), Cancel);
        // Longer than a silence: the connection is in use all the time.
        await Task.WhenAny(drain, Task.Delay(TimeSpan.FromSeconds(3), Cancel));
        Assert.False(drain.IsCompleted);
        await used.CancelAsync();
        await Deadline.WaitAsync(use, "the last byte");
        // The client keeps its connection, in silence.
        await Deadline.WaitAsync(drain, "the drain to end");
        Assert.True(client.Connected);

        await client.SendAsync("x"u8.ToArray(), Cancel);
        var begin = TimeProvider.System.GetTimestamp();
        await Deadline.WaitAsync(node.Plane.DrainAsync("a", [8080], TimeSpan.FromMilliseconds(200), Cancel), "the limit of a drain");
        Assert.True(TimeProvider.System.GetElapsedTime(begin) >= TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task A_task_without_connections_is_drained_at_once()
    {
        await using var node = new PublishedNode();
        await node.Plane.AttachAsync(new("a", Web, null), Cancel);
        Assert.True(node.Plane.DrainAsync("a", [8080], TimeSpan.FromMinutes(5), Cancel).IsCompletedSuccessfully);
    }
}
