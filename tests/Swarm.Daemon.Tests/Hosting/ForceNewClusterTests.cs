using Swarm.Daemon.Tests.Manager;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Initialize-Swarm -ForceNewCluster: a manager starts again as the only one, with its state.</summary>
public sealed class ForceNewClusterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keeps_the_swarm_with_one_member_and_its_worker_comes_back()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("worker1");
        await worker.JoinAsync(manager);
        await manager.NodesAsync(n => n.Count == 2 && n.TrueForAll(x => x.State == V1.NodeState.Ready));
        var service = (await manager.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 2), cancellationToken: Cancel)).Service;
        var before = (await ClusterAsync(manager), await TokensAsync(manager), (await manager.InfoAsync()).NodeId);
        var request = new V1.InitSwarmRequest { RequestId = "again", ForceNewCluster = true };

        var made = await manager.Control.Membership.InitSwarmAsync(request, cancellationToken: Cancel);

        Assert.Equal((before.Item1.Id, before.NodeId, before.Item2), (made.ClusterId, made.NodeId, made.Tokens));
        // A retry gets the same answer and starts nothing again.
        Assert.Equal(made, await manager.Control.Membership.InitSwarmAsync(request, cancellationToken: Cancel));
        await KeptAsync(manager, before.Item1, service);
        var nodes = await manager.NodesAsync(n => n.Count == 2 && n.TrueForAll(x => x.State == V1.NodeState.Ready));
        Assert.Equal("manager1", Assert.Single(nodes, n => n.ManagerStatus is { Leader: true }).Name);
        await manager.Control.Services.CreateServiceAsync(ApiRequests.Create("db"), cancellationToken: Cancel);

        await manager.RestartAsync();
        await manager.InfoAsync(i => i.State == V1.LocalNodeState.Active);
        await manager.NodesAsync(n => n.Count == 2 && n.TrueForAll(x => x.State == V1.NodeState.Ready));
        await KeptAsync(manager, before.Item1, service);
        Assert.Equal(["db", "web"], (await ServicesAsync(manager)).Select(s => s.Spec.Name).Order());
    }

    [Fact]
    public async Task Takes_another_address_and_keeps_it()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        var service = (await manager.Control.Services.CreateServiceAsync(ApiRequests.Create("web"), cancellationToken: Cancel)).Service;
        var before = await ClusterAsync(manager);
        var address = LoopbackAddress.Next();
        var made = await manager.Control.Membership.InitSwarmAsync(
            new V1.InitSwarmRequest
            {
                RequestId = "moved",
                ForceNewCluster = true,
                ListenAddress = address,
                AdvertiseAddress = address,
            },
            cancellationToken: Cancel
        );
        Assert.Equal(address, made.Tokens.ManagerAddress);
        await KeptAsync(manager, before, service);
        await manager.RestartAsync();
        await manager.InfoAsync(i => i.State == V1.LocalNodeState.Active);
        Assert.Equal(address, (await TokensAsync(manager)).ManagerAddress);
        await KeptAsync(manager, before, service);
    }

    [Fact]
    public async Task A_worker_cannot_and_a_node_outside_makes_a_swarm()
    {
        await using var manager = await TestDaemon.StartAsync();
        var first = await manager.Control.Membership.InitSwarmAsync(new() { ForceNewCluster = true }, cancellationToken: Cancel);
        Assert.NotEmpty(first.ClusterId);
        await using var worker = await TestDaemon.StartAsync("worker1");
        await worker.JoinAsync(manager);
        await TestDaemon.RefusedAsync(
            "AlreadyInSwarm",
            () => worker.Control.Membership.InitSwarmAsync(new() { ForceNewCluster = true }, cancellationToken: Cancel).ResponseAsync
        );
    }

    private static async Task KeptAsync(TestDaemon manager, V1.Cluster before, V1.Service service)
    {
        var now = await ClusterAsync(manager);
        Assert.Equal((before.Id, before.CaFingerprint, before.CreatedAt, 1u), (now.Id, now.CaFingerprint, now.CreatedAt, now.Managers));
        var kept = (await ServicesAsync(manager)).Single(s => s.Spec.Name == service.Spec.Name);
        Assert.Equal((service.Id, service.Version, service.Spec), (kept.Id, kept.Version, kept.Spec));
    }

    private static async Task<V1.Cluster> ClusterAsync(TestDaemon manager) =>
        await manager.Control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel);

    private static async Task<V1.JoinTokens> TokensAsync(TestDaemon manager) =>
        await manager.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel);

    private static async Task<List<V1.Service>> ServicesAsync(TestDaemon manager)
    {
        using var call = manager.Control.Services.ListServices(new(), cancellationToken: Cancel);
        var all = new List<V1.Service>();
        while (await Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), "the next service of the list"))
        {
            all.Add(call.ResponseStream.Current);
        }
        return all;
    }
}
