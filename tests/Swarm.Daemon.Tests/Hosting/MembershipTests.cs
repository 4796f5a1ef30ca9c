using Grpc.Core;
using Swarm.Daemon.Membership;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Nodes enter and leave a swarm, over the real socket and the real cluster port, with the refusals on the way.</summary>
public sealed class MembershipTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Outside_a_swarm_everything_says_what_to_do_and_nothing_listens()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var info = await daemon.InfoAsync();
        Assert.Equal((V1.LocalNodeState.Inactive, "manager1", "Simulated"), (info.State, info.Hostname, info.Executor));
        var e = await TestDaemon.RefusedAsync(
            "NotInSwarm",
            () => daemon.Control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        await TestDaemon.RefusedAsync("NotInSwarm", () => daemon.NodesOnceAsync());
        await TestDaemon.RefusedAsync(
            "NotInSwarm",
            () => daemon.Control.Membership.LeaveSwarmAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        await TestDaemon.RefusedAsync(
            "SwarmNotLocked",
            () => daemon.Control.Membership.UnlockSwarmAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        using var channel = daemon.Connect();
        var unreachable = await Assert.ThrowsAsync<RpcException>(() =>
            new V1.CertificateAuthority.CertificateAuthorityClient(channel)
                .GetRootCertificateAsync(new(), cancellationToken: Cancel)
                .ResponseAsync
        );
        Assert.Equal(StatusCode.Unavailable, unreachable.StatusCode);
    }

    [Fact]
    public async Task A_second_init_and_a_join_of_a_member_are_refused_and_a_retry_is_answered()
    {
        await using var manager = await TestDaemon.StartAsync();
        var request = new V1.InitSwarmRequest { RequestId = "init1" };
        var made = await manager.Control.Membership.InitSwarmAsync(request, cancellationToken: Cancel);
        Assert.Equal(made, await manager.Control.Membership.InitSwarmAsync(request, cancellationToken: Cancel));
        var again = await TestDaemon.RefusedAsync("AlreadyInSwarm", () => manager.InitAsync());
        Assert.Contains("Exit-Swarm", again.Status.Detail, StringComparison.Ordinal);
        await TestDaemon.RefusedAsync("AlreadyInSwarm", () => manager.JoinAsync(manager, made.Tokens.Worker));

        await using var worker = await TestDaemon.StartAsync("worker1");
        var join = new V1.JoinSwarmRequest
        {
            RequestId = "join1",
            Token = $"  {made.Tokens.Worker}\n",
            RemoteAddresses = { manager.Address },
        };
        var joined = await worker.Control.Membership.JoinSwarmAsync(join, cancellationToken: Cancel);
        Assert.Equal(V1.NodeRole.Worker, joined.Role);
        Assert.Equal(joined, await worker.Control.Membership.JoinSwarmAsync(join, cancellationToken: Cancel));
        await TestDaemon.RefusedAsync("AlreadyInSwarm", () => worker.JoinAsync(manager, made.Tokens.Worker));
        await TestDaemon.RefusedAsync("AlreadyInSwarm", () => worker.InitAsync());
        Assert.Equal(2, (await manager.NodesAsync()).Count);
        Assert.Equal(made.ClusterId, (await worker.InfoAsync()).ClusterId);
    }

    [Fact]
    public async Task Two_inits_at_once_make_one_swarm()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var inits = Enumerable.Range(0, 4).Select(_ => Record.ExceptionAsync(() => daemon.InitAsync()).AsTask()).ToList();
        var errors = await Task.WhenAll(inits);
        Assert.Single(errors, static e => e is null);
        Assert.All(errors.OfType<RpcException>(), e => Assert.Equal("AlreadyInSwarm", e.Trailers.GetValue("swarm-error-id")));
        Assert.Single(await daemon.NodesAsync());
    }

    public static TheoryData<string, string, string> BadInits { get; } =
        new()
        {
            { "advertise", "10.0.0", "InvalidAdvertiseAddress" },
            { "advertise", "0177.0.0.1", "InvalidAdvertiseAddress" },
            { "advertise", "0x7f.0.0.1:2377", "InvalidAdvertiseAddress" },
            { "advertise", "host.example.com", "InvalidAdvertiseAddress" },
            { "advertise", "0.0.0.0", "InvalidAdvertiseAddress" },
            { "advertise", "127.0.0.1:0", "InvalidAdvertiseAddress" },
            { "advertise", "127.0.0.1:99999", "InvalidAdvertiseAddress" },
            { "advertise", "nosuch0", "InvalidAdvertiseAddress" },
            { "listen", "127.0.0.1:http", "InvalidListenAddress" },
            { "listen", "nosuch0", "InvalidListenAddress" },
            { "listen", "192.0.2.1:2377", "InvalidListenAddress" },
            { "heartbeat", "1ms", "InvalidSetting" },
            { "expiry", "1m", "InvalidSetting" },
            { "snapshot", "0", "InvalidSetting" },
            { "history", "-1", "InvalidSetting" },
            { "availability", "7", "InvalidValue" },
        };

    [Theory]
    [MemberData(nameof(BadInits))]
    public async Task A_bad_init_is_refused_and_leaves_the_node_outside(string what, string value, string errorId)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var request = new V1.InitSwarmRequest { Settings = new V1.ClusterSettings() };
        switch (what)
        {
            case "advertise":
                request.AdvertiseAddress = value;
                break;
            case "listen":
                (request.ListenAddress, request.AdvertiseAddress) = (value, "127.0.0.1");
                break;
            case "heartbeat":
                request.Settings.HeartbeatPeriod = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1));
                break;
            case "expiry":
                request.Settings = TestDaemon.Expiry(TimeSpan.FromMinutes(1));
                break;
            case "snapshot":
                request.Settings.SnapshotInterval = 0;
                break;
            case "history":
                request.Settings.TaskHistoryLimit = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                break;
            default:
                request.Availability = (V1.NodeAvailability)7;
                break;
        }
        var e = await TestDaemon.RefusedAsync(
            errorId,
            () => daemon.Control.Membership.InitSwarmAsync(request, cancellationToken: Cancel).ResponseAsync
        );
        Assert.NotNull(e.Trailers.GetValueBytes("swarm-action-bin"));
        Assert.Equal(V1.LocalNodeState.Inactive, (await daemon.InfoAsync()).State);
        Assert.False(File.Exists(Path.Combine(daemon.Options.StateDirectory, MembershipStore.RecordFile)));
        await daemon.InitAsync();
    }

    [Fact]
    public async Task A_port_in_use_is_said_before_anything_is_changed_here_or_at_the_manager()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var other = await TestDaemon.StartAsync("other");
        other.Options = other.Options with { Listen = manager.Options.Listen };
        await other.RestartAsync();
        var e = await TestDaemon.RefusedAsync("ListenAddressInUse", () => other.InitAsync());
        Assert.Contains(manager.Address, e.Status.Detail, StringComparison.Ordinal);
        await TestDaemon.RefusedAsync("ListenAddressInUse", () => other.JoinAsync(manager));
        Assert.Equal(V1.LocalNodeState.Inactive, (await other.InfoAsync()).State);
        Assert.Single(await manager.NodesAsync());
    }

    [Fact]
    public async Task A_member_whose_port_was_taken_says_so_and_comes_back_when_it_is_free()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.StopAsync();
        using (var squatter = new System.Net.Sockets.TcpListener(manager.Options.Listen.IpAddress!, manager.Options.Listen.Port))
        {
            squatter.Start();
            await manager.StartAsync();
            var info = await manager.InfoAsync();
            Assert.Equal(V1.LocalNodeState.Error, info.State);
            Assert.Contains("in use by another program", info.StateMessage, StringComparison.Ordinal);
            await TestDaemon.RefusedAsync("NodeInError", () => manager.NodesOnceAsync());
        }
        await manager.InfoAsync(static i => i.State == V1.LocalNodeState.Active);
        Assert.Single(await manager.NodesAsync());
    }

    [Fact]
    public async Task A_worker_is_not_asked_for_manager_data_and_leaves_without_force()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("worker1");
        await worker.JoinAsync(manager);
        var e = await TestDaemon.RefusedAsync("NotAManager", () => worker.NodesOnceAsync());
        Assert.Contains("not a swarm manager", e.Status.Detail, StringComparison.Ordinal);
        await TestDaemon.RefusedAsync(
            "NotAManager",
            () => worker.Control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        await TestDaemon.RefusedAsync(
            "NotAManager",
            () => worker.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel).ResponseAsync
        );

        var leave = new V1.LeaveSwarmRequest { RequestId = "leave1" };
        await worker.Control.Membership.LeaveSwarmAsync(leave, cancellationToken: Cancel);
        await worker.Control.Membership.LeaveSwarmAsync(leave, cancellationToken: Cancel);
        Assert.Equal(V1.LocalNodeState.Inactive, (await worker.InfoAsync()).State);
        var left = (await manager.NodesAsync(static n => n.Exists(x => x is { Name: "worker1", State: V1.NodeState.Down }))).Single(n =>
            n.Name == "worker1"
        );
        Assert.Equal("left the swarm", left.StateMessage);
        // The node joins again, as another node.
        var again = await worker.JoinAsync(manager);
        Assert.NotEqual(left.Id, again.NodeId);
    }

    [Fact]
    public async Task The_last_manager_leaves_with_force_only_and_then_nothing_is_left()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        var first = (await manager.InfoAsync()).ClusterId;
        var e = await TestDaemon.RefusedAsync(
            "LastManager",
            () => manager.Control.Membership.LeaveSwarmAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        Assert.Contains("Removing the last manager erases all current state of the swarm", e.Status.Detail, StringComparison.Ordinal);
        Assert.Single(await manager.NodesAsync());
        await manager.Control.Membership.LeaveSwarmAsync(new() { Force = true }, cancellationToken: Cancel);
        Assert.Equal(V1.LocalNodeState.Inactive, (await manager.InfoAsync()).State);
        Assert.Equal(
            ["layout", "lock", "swarmd.pid"],
            Directory.GetFileSystemEntries(manager.Options.StateDirectory).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        await manager.InitAsync();
        Assert.NotEqual(first, (await manager.InfoAsync()).ClusterId);
    }

    [Fact]
    public async Task A_node_removed_while_it_was_away_forgets_the_swarm_and_its_tasks()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("worker1");
        var joined = await worker.JoinAsync(manager);
        await manager.NodesAsync(static n => n.TrueForAll(x => x.State == V1.NodeState.Ready));
        await worker.StopAsync();
        await manager.Control.Nodes.RemoveNodeAsync(new() { Selector = joined.NodeId, Force = true }, cancellationToken: Cancel);
        await worker.StartAsync();
        var info = await worker.InfoAsync(static i => i.State == V1.LocalNodeState.Inactive);
        Assert.Contains("was removed from swarm", info.StateMessage, StringComparison.Ordinal);
        await worker.JoinAsync(manager);
    }
}
