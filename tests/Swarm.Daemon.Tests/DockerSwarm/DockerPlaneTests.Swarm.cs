using Grpc.Core;
using Swarm.Core.Model;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <content>Nodes, tokens, networks, events, leaving.</content>
public sealed partial class DockerPlaneTests
{
    [Fact]
    public async Task A_node_shows_what_docker_knows_of_it()
    {
        var node = Assert.Single(await PlaneHost.ListAsync(Client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: Cancel)));
        Assert.Equal((V1.NodeState.Ready, V1.NodeRole.Manager, true), (node.State, node.Role, node.Self));
        Assert.Equal((true, true), (node.ManagerStatus.Leader, node.ManagerStatus.Reachable));
        Assert.Contains("Network/overlay", node.Description.Engine.Plugins);
        Assert.True(node.Description.Resources.NanoCpus > 0);

        var demoted = () =>
            Client.Nodes.UpdateNodeAsync(new V1.UpdateNodeRequest { Selector = node.Id, Role = V1.NodeRole.Worker }).ResponseAsync;
        Assert.Equal("LastManager", await PlaneHost.RefusedAsync(demoted));
        var removed = () => Client.Nodes.RemoveNodeAsync(new V1.RemoveNodeRequest { Selector = node.Id, Force = true }).ResponseAsync;
        Assert.Equal("NodeIsManager", await PlaneHost.RefusedAsync(removed));
    }

    [Fact]
    public async Task Events_tell_of_services_and_tasks()
    {
        using var call = Client.Events.WatchEvents(new V1.WatchEventsRequest { Selectors = { "ev" } }, cancellationToken: Cancel);
        // The watch begins at an unknown moment, maybe in the middle of a service's life. Services are created again and again until it
        // sees all of one.
        var events = new List<V1.Event>();
        var reading = Task.Run(
            async () =>
            {
                await foreach (var e in Deadline.EachAsync(call.ResponseStream.ReadAllAsync(Cancel), "an event"))
                {
                    events.Add(e);
                    var runs = e is { Kind: "task", Detail: var detail } && detail.Contains("Running", StringComparison.Ordinal);
                    if (runs && events.Exists(static e => e is { Kind: "service", Action: "create" }))
                    {
                        return;
                    }
                }
            },
            Cancel
        );
        while (!reading.IsCompleted)
        {
            await CreateAsync(Spec("ev"));
            await WaitAsync("ev");
            await Client.Services.RemoveServiceAsync(
                new V1.RemoveServiceRequest { RequestId = Id(), Selector = "ev" },
                cancellationToken: Cancel
            );
            await WaitAsync("ev", removed: true);
        }
        await reading;
        Assert.Contains(events, e => e is { Kind: "service", Action: "create", Name: "ev" });
        Assert.Contains(events, e => e is { Kind: "task", Name: "ev.1" });
    }

    [Fact]
    public async Task The_swarm_has_tokens_settings_and_keys()
    {
        var tokens = await Client.Clusters.GetJoinTokensAsync(new V1.GetJoinTokensRequest(), cancellationToken: Cancel);
        Assert.StartsWith("SWMTKN-1-", tokens.Worker, StringComparison.Ordinal);
        Assert.EndsWith(":2377", tokens.ManagerAddress, StringComparison.Ordinal);
        var rotated = await Client.Clusters.RotateJoinTokenAsync(
            new V1.RotateJoinTokenRequest { Role = V1.NodeRole.Worker },
            cancellationToken: Cancel
        );
        Assert.NotEqual(tokens.Worker, rotated.Worker);
        Assert.Equal(tokens.Manager, rotated.Manager);

        var before = await Client.Clusters.GetClusterAsync(new V1.GetClusterRequest(), cancellationToken: Cancel);
        Assert.Equal((1U, 1U, true), (before.Managers, before.Nodes, before.IsManager));
        var changed = await Client.Clusters.UpdateClusterAsync(
            new V1.UpdateClusterRequest
            {
                Settings = new V1.ClusterSettings { TaskHistoryLimit = 3, Autolock = true },
            },
            cancellationToken: Cancel
        );
        Assert.Equal((3, true), (changed.TaskHistoryLimit, changed.Autolock));
        Assert.Equal(before.SnapshotInterval, changed.SnapshotInterval);
        var key = await Client.Clusters.GetUnlockKeyAsync(new V1.GetUnlockKeyRequest(), cancellationToken: Cancel);
        Assert.StartsWith("SWMKEY-1-", key.UnlockKey_, StringComparison.Ordinal);
        var next = await Client.Clusters.RotateUnlockKeyAsync(new V1.RotateUnlockKeyRequest(), cancellationToken: Cancel);
        Assert.NotEqual(key.UnlockKey_, next.UnlockKey_);
        await Client.Clusters.UpdateClusterAsync(
            new V1.UpdateClusterRequest
            {
                Settings = new V1.ClusterSettings { TaskHistoryLimit = 5, Autolock = false },
            },
            cancellationToken: Cancel
        );
        Assert.Equal(
            "AutolockNotEnabled",
            await PlaneHost.RefusedAsync(() => Client.Clusters.RotateUnlockKeyAsync(new V1.RotateUnlockKeyRequest()).ResponseAsync)
        );
    }

    [Fact]
    public async Task Networks_and_published_ports()
    {
        var made = await Client.Networks.CreateNetworkAsync(
            new V1.CreateNetworkRequest
            {
                Name = "mynet",
                Attachable = true,
                Labels = { ["a"] = "1" },
                Subnets =
                {
                    new V1.NetworkSubnet { Subnet = "10.77.1.0/24", Gateway = "10.77.1.1" },
                },
            },
            cancellationToken: Cancel
        );
        Assert.Equal(("mynet", "overlay", "swarm", true), (made.Name, made.Driver, made.Scope, made.Attachable));
        Assert.Equal("10.77.1.0/24", made.Subnets[0].Subnet);
        var again = new V1.CreateNetworkRequest { Name = "mynet" };
        Assert.Equal("NameConflict", await PlaneHost.RefusedAsync(() => Client.Networks.CreateNetworkAsync(again).ResponseAsync));
        var all = await PlaneHost.ListAsync(Client.Networks.ListNetworks(new V1.ListNetworksRequest(), cancellationToken: Cancel));
        Assert.Equal(["ingress", "mynet"], all.Select(n => n.Name));

        Assert.Equal("NetworkNotFound", await PlaneHost.RefusedAsync(() => CreateAsync(Spec("net") with { Networks = ["nosuch"] })));
        var service = await CreateAsync(
            Spec("net", 0) with
            {
                Networks = ["mynet"],
                Ports = [new PublishedPort { Target = 80, Published = 8089 }, new PublishedPort { Target = 81 }],
            }
        );
        Assert.Equal(["mynet"], service.Spec.Networks);
        var ports = await UntilAsync(async () => (await ServiceAsync("net")).PublishedPorts, p => p.Count == 2);
        Assert.Equal([8089U, 80U], [ports[0].PublishedPort_, ports[0].TargetPort]);
        // The swarm chose the second one.
        Assert.True(ports[1].PublishedPort_ >= 30000, ports[1].ToString());

        var used = new V1.RemoveNetworkRequest { Selector = "mynet" };
        Assert.Equal("NetworkInUse", await PlaneHost.RefusedAsync(() => Client.Networks.RemoveNetworkAsync(used).ResponseAsync));
        await UpdateAsync("net", s => s with { Networks = [], Ports = [s.Ports[1]] });
        Assert.Empty((await ServiceAsync("net")).Spec.Networks);
        var revisions = await PlaneHost.ListAsync(
            Client.Services.ListServiceRevisions(new V1.ListServiceRevisionsRequest { Selectors = { "net" } }, cancellationToken: Cancel)
        );
        Assert.Equal(["Networks: mynet -> (none)", "Ports: 8089:80/tcp, 81/tcp -> 81/tcp"], revisions[^1].Changes);
        await Client.Networks.RemoveNetworkAsync(used, cancellationToken: Cancel);
        Assert.Equal("NetworkNotFound", await PlaneHost.RefusedAsync(() => Client.Networks.RemoveNetworkAsync(used).ResponseAsync));
    }

    [Fact]
    public async Task Leaving_and_beginning_anew()
    {
        await CreateAsync(Spec("lost", 0));
        await Client.Membership.LeaveSwarmAsync(new V1.LeaveSwarmRequest { Force = true }, cancellationToken: Cancel);
        var daemon = await Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: Cancel);
        Assert.Equal((V1.LocalNodeState.Inactive, "docker"), (daemon.State, daemon.ControlPlane));
        Assert.Equal("NotInSwarm", await PlaneHost.RefusedAsync(() => ServiceAsync("lost")));
        Assert.Equal(
            "NotInSwarm",
            await PlaneHost.RefusedAsync(() => Client.Clusters.GetClusterAsync(new V1.GetClusterRequest()).ResponseAsync)
        );
        var joined = () =>
            Client
                .Membership.JoinSwarmAsync(
                    new V1.JoinSwarmRequest
                    {
                        Token = "nonsense",
                        RemoteAddresses = { "127.0.0.1" },
                        AdvertiseAddress = "127.0.0.1",
                    }
                )
                .ResponseAsync;
        Assert.Equal("InvalidJoinToken", await PlaneHost.RefusedAsync(joined));

        var begun = await Client.Membership.InitSwarmAsync(
            new V1.InitSwarmRequest
            {
                AdvertiseAddress = "127.0.0.1",
                Settings = new V1.ClusterSettings { TaskHistoryLimit = 2 },
            },
            cancellationToken: Cancel
        );
        Assert.Equal((25, 25), (begun.NodeId.Length, begun.ClusterId.Length));
        Assert.StartsWith("SWMTKN-1-", begun.Tokens.Manager, StringComparison.Ordinal);
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => ServiceAsync("lost")));
        Assert.Equal(2, (await Client.Clusters.GetClusterAsync(new V1.GetClusterRequest(), cancellationToken: Cancel)).TaskHistoryLimit);
        // Other tests use the engine afterwards.
        var standard = new V1.ClusterSettings { TaskHistoryLimit = 5 };
        await Client.Clusters.UpdateClusterAsync(new V1.UpdateClusterRequest { Settings = standard }, cancellationToken: Cancel);
    }
}
