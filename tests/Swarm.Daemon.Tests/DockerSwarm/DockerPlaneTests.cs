using System.Text.Json.Nodes;
using Grpc.Core;
using Swarm.Core.Model;
using Swarm.Daemon.Api;
using Swarm.Daemon.DockerSwarm;
using Swarm.Daemon.Tests.Storage;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>The docker control plane over a real engine whose swarm has one node.</summary>
public sealed class DockerPlaneTests(TestEngine engine) : IClassFixture<TestEngine>, IAsyncLifetime
{
    private PlaneHost _plane = null!;
    private EngineClient _docker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Wire.Control.ControlClient Client => _plane.Client;

    public async ValueTask InitializeAsync()
    {
        engine.Require();
        _docker = new EngineClient("unix://" + engine.Socket);
        _plane = await PlaneHost.StartAsync(engine.Socket);
        await InitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_docker is null)
        {
            return;
        }
        if (await StateAsync() == "active")
        {
            foreach (var service in await _docker.GetAsync("/services", Cancel) as JsonArray ?? [])
            {
                await _docker.DeleteAsync("/services/" + service.Text("ID"), Cancel);
            }
        }
        await _plane.DisposeAsync();
        _docker.Dispose();
    }

    private async Task<string> StateAsync() => (await _docker.GetAsync("/info", Cancel)).Object("Swarm").Text("LocalNodeState");

    private async Task InitAsync()
    {
        if (await StateAsync() != "active")
        {
            await Client.InitSwarmAsync(
                new Wire.InitSwarmRequest { RequestId = Id(), AdvertiseAddress = "127.0.0.1" },
                cancellationToken: Cancel
            );
        }
    }

    private static string Id() => Guid.NewGuid().ToString();

    private static ServiceSpec Spec(string name, ulong replicas = 1, string image = "alpine:latest") =>
        new()
        {
            Name = name,
            Container = new ContainerSpec
            {
                Image = image,
                Command = ["sleep", "1000"],
                StopSignal = "SIGKILL",
            },
            Mode = new ServiceMode.Replicated(replicas),
        };

    private async Task<Wire.Service> CreateAsync(ServiceSpec spec) =>
        (
            await Client.CreateServiceAsync(
                new Wire.CreateServiceRequest
                {
                    RequestId = Id(),
                    Spec = ProtocolMapping.ToWire(spec),
                    NoResolveImage = true,
                },
                cancellationToken: Cancel
            )
        ).Service;

    private async Task<Wire.Service> UpdateAsync(string service, Func<ServiceSpec, ServiceSpec> change)
    {
        var read = await ServiceAsync(service);
        var response = await Client.UpdateServiceAsync(
            new Wire.UpdateServiceRequest
            {
                RequestId = Id(),
                Selector = service,
                Spec = ProtocolMapping.ToWire(change(ProtocolMapping.FromWire(read.Spec))),
                NoResolveImage = true,
            },
            cancellationToken: Cancel
        );
        return response.Service;
    }

    private async Task<Wire.Service> ServiceAsync(string service) =>
        (
            await PlaneHost.ListAsync(
                Client.ListServices(new Wire.ListServicesRequest { Selectors = { service } }, cancellationToken: Cancel)
            )
        )[0];

    private async Task<Wire.ServiceProgress> WaitAsync(string service, bool removed = false) =>
        (
            await PlaneHost.ListAsync(
                Client.WaitServices(new Wire.WaitServicesRequest { Selectors = { service }, Removed = removed }, cancellationToken: Cancel)
            )
        )[^1];

    private async Task<List<Wire.Task>> TasksAsync(string service, bool running = true) =>
        await PlaneHost.ListAsync(
            Client.ListTasks(new Wire.ListTasksRequest { Services = { service }, DesiredRunning = running }, cancellationToken: Cancel)
        );

    private static async Task<T> UntilAsync<T>(Func<Task<T>> read, Func<T, bool> condition)
    {
        while (true)
        {
            var value = await read();
            if (condition(value))
            {
                return value;
            }
            await Task.Delay(100, Cancel);
        }
    }

    [Fact]
    public async Task The_life_of_a_service()
    {
        var created = await CreateAsync(Spec("web", 2));
        Assert.Equal(25, created.Id.Length);
        Assert.Equal(1UL, created.Revision);
        var converged = await WaitAsync("web");
        Assert.True(converged.Converged, converged.Message);
        Assert.Equal("2 of 2 tasks run", converged.Message);

        var tasks = await TasksAsync("web");
        Assert.Equal(["web.1", "web.2"], tasks.Select(t => t.Name));
        Assert.All(tasks, t => Assert.Equal(Wire.TaskState.Running, t.Status.State));
        Assert.Equal($"web.1.{tasks[0].Id}", tasks[0].ContainerName);
        Assert.Equal("alpine:latest", tasks[0].Image);
        Assert.True(tasks[0].Status.Pid > 0);

        var scaled = await Client.ScaleServicesAsync(
            new Wire.ScaleServicesRequest
            {
                RequestId = Id(),
                Services =
                {
                    new Wire.ServiceScale { Selector = "web", Replicas = 3 },
                },
            },
            cancellationToken: Cancel
        );
        Assert.Equal(3UL, scaled.Services[0].Spec.Replicated.Replicas);
        Assert.Equal(1UL, scaled.Services[0].Revision);
        Assert.True((await WaitAsync("web")).Converged);

        await Client.RemoveServiceAsync(new Wire.RemoveServiceRequest { RequestId = Id(), Selector = "web" }, cancellationToken: Cancel);
        Assert.Equal("removed", (await WaitAsync("web", removed: true)).Message);
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => ServiceAsync("web")));
    }

    [Fact]
    public async Task Every_option_reaches_the_engine_and_comes_back()
    {
        var spec = Spec("all") with
        {
            Labels = ValueMap.Empty.With("a", "1"),
            Container = new ContainerSpec
            {
                Image = "alpine:3.18",
                Entrypoint = ["/bin/sh", "-c"],
                Command = ["sleep 1000"],
                Env = ["A=1", "B=two words"],
                Dir = "/tmp",
                User = "nobody",
                Groups = ["daemon"],
                Hostname = "h",
                Labels = ValueMap.Empty.With("c", "2"),
                Mounts =
                [
                    new Mount
                    {
                        Type = MountType.Bind,
                        Source = "/tmp",
                        Target = "/b",
                        ReadOnly = true,
                    },
                    new Mount
                    {
                        Type = MountType.Tmpfs,
                        Target = "/t",
                        TmpfsSizeBytes = 1048576,
                        TmpfsMode = 0x3FF,
                    },
                    new Mount
                    {
                        Type = MountType.Volume,
                        Source = "v",
                        Target = "/v",
                        VolumeDriver = "local",
                        VolumeLabels = ValueMap.Empty.With("d", "3"),
                    },
                ],
                HealthCheck = new HealthCheck
                {
                    Test = ["CMD-SHELL", "true"],
                    Interval = TimeSpan.FromSeconds(1),
                    Timeout = TimeSpan.FromSeconds(2),
                    StartPeriod = TimeSpan.FromSeconds(3),
                    Retries = 4,
                },
                StopSignal = "SIGKILL",
                StopGracePeriod = TimeSpan.FromSeconds(3),
                CapabilityAdd = ["CAP_NET_ADMIN"],
                CapabilityDrop = ["CAP_CHOWN"],
                ReadOnly = true,
                Init = true,
                Tty = true,
            },
            Resources = new ResourceRequirements
            {
                Limits = new ResourceAmount(500_000_000, 64 << 20),
                Reservations = new ResourceAmount(100_000_000, 32 << 20),
                PidsLimit = 100,
            },
            Restart = new RestartPolicy
            {
                Condition = RestartCondition.OnFailure,
                Delay = TimeSpan.FromSeconds(1),
                MaxAttempts = 3,
                Window = TimeSpan.FromMinutes(1),
            },
            Placement = new Placement
            {
                Constraints = ["node.role==manager"],
                SpreadPreferences = ["node.labels.zone"],
                MaxReplicasPerNode = 5,
            },
            Update = new UpdateConfig
            {
                Parallelism = 2,
                Delay = TimeSpan.FromSeconds(1),
                Monitor = TimeSpan.FromSeconds(2),
                FailureAction = FailureAction.Rollback,
                MaxFailureRatio = 0.25,
                Order = UpdateOrder.StartFirst,
            },
            Rollback = new UpdateConfig { Parallelism = 3, FailureAction = FailureAction.Continue },
            ForceUpdate = 7,
        };
        await CreateAsync(spec with { Mode = new ServiceMode.Replicated(0) });
        var read = ProtocolMapping.FromWire((await ServiceAsync("all")).Spec);
        Assert.Equal(spec with { Mode = new ServiceMode.Replicated(0) }, read);
    }

    [Fact]
    public async Task A_service_of_the_docker_CLI_loses_nothing_when_it_is_changed()
    {
        var raw = JsonNode.Parse(
            """
            {
              "Name": "foreign", "Labels": { "com.docker.stack.namespace": "shop" },
              "TaskTemplate": {
                "ContainerSpec": {
                  "Image": "alpine:latest", "Args": ["sleep", "1000"], "StopSignal": "SIGKILL", "Isolation": "default", "OpenStdin": true,
                  "Mounts": [{ "Type": "bind", "Source": "/tmp", "Target": "/x", "BindOptions": { "Propagation": "rslave" } }],
                  "Hosts": ["1.2.3.4 a"], "DNSConfig": { "Nameservers": ["1.1.1.1"], "Options": ["ndots:2"] },
                  "Privileges": { "CredentialSpec": null, "SELinuxContext": { "Disable": true } },
                  "Sysctls": { "net.ipv4.ip_unprivileged_port_start": "0" },
                  "Ulimits": [{ "Name": "nofile", "Soft": 1000, "Hard": 2000 }]
                },
                "LogDriver": { "Name": "json-file", "Options": { "max-size": "1m" } },
                "Placement": { "Platforms": [{ "Architecture": "x86_64", "OS": "linux" }] }
              },
              "Mode": { "Replicated": { "Replicas": 1 } },
              "EndpointSpec": { "Mode": "dnsrr" }
            }
            """
        );
        await _docker.PostAsync("/services/create", raw, Cancel);
        var before = (await _docker.GetAsync("/services/foreign", Cancel)).Object("Spec")!;

        await UpdateAsync(
            "foreign",
            s =>
                s with
                {
                    Container = s.Container with { Env = ["A=1"] },
                    Labels = s.Labels.With("mine", "1"),
                    Mode = new ServiceMode.Replicated(2),
                }
        );

        var after = (await _docker.GetAsync("/services/foreign", Cancel)).Object("Spec")!;
        var expected = before.Copy();
        expected["TaskTemplate"]!["ContainerSpec"]!["Env"] = new JsonArray("A=1");
        expected["Labels"]!["mine"] = "1";
        expected["Mode"]!["Replicated"]!["Replicas"] = 2;
        Assert.True(JsonNode.DeepEquals(expected, after), $"expected {expected.ToJsonString()}\nactual {after.ToJsonString()}");
    }

    [Fact]
    public async Task Updates_have_revisions_and_history_and_any_revision_can_be_gone_back_to()
    {
        using var directory = new TemporaryDirectory();
        await using (var plane = await PlaneHost.StartAsync(engine.Socket, directory.Path))
        {
            var update = UpdateConfig.Default with { Monitor = TimeSpan.FromMilliseconds(300), Parallelism = 0 };
            await CreateAsync(
                Spec("up", 1, "redis:3.0.6") with
                {
                    Container = new ContainerSpec { Image = "redis:3.0.6" },
                    Update = update,
                    Rollback = update,
                }
            );
            Assert.True((await WaitAsync("up")).Converged);
            await UpdateAsync("up", s => s with { Container = s.Container with { Image = "redis:3.0.7" } });
            var updated = await WaitAsync("up");
            Assert.True(updated.Converged, updated.Message);
            Assert.Equal(Wire.UpdateState.Completed, updated.UpdateStatus.State);
            await UpdateAsync("up", s => s with { Container = s.Container with { Env = ["A=1"] } });
            Assert.True((await WaitAsync("up")).Converged);

            var history = await TasksAsync("up", running: false);
            Assert.Equal(["redis:3.0.7", "redis:3.0.7", "redis:3.0.6"], history.Select(t => t.Image));
            Assert.Equal([3UL, 2UL, 1UL], history.Select(t => t.Revision));
            Assert.Equal([Wire.TaskState.Running, Wire.TaskState.Shutdown, Wire.TaskState.Shutdown], history.Select(t => t.Status.State));
            // The second swarmd has to have seen them too.
            var seen = await PlaneHost.ListAsync(
                plane.Client.ListServiceRevisions(new Wire.ListServiceRevisionsRequest { Selectors = { "up" } }, cancellationToken: Cancel)
            );
            Assert.Equal(3, seen.Count);
        }
        // Docker itself would go back to 3.0.7 only; and this swarmd was not there when 3.0.6 was.
        await using var later = await PlaneHost.StartAsync(engine.Socket, directory.Path);
        var revisions = await PlaneHost.ListAsync(
            later.Client.ListServiceRevisions(new Wire.ListServiceRevisionsRequest { Selectors = { "up" } }, cancellationToken: Cancel)
        );
        Assert.Equal([1UL, 2UL, 3UL], revisions.Select(r => r.Number));
        Assert.Equal([false, false, true], revisions.Select(r => r.Current));
        Assert.Equal(["Container.Image: redis:3.0.6 -> redis:3.0.7"], revisions[1].Changes);

        var undone = await later.Client.RollbackServiceAsync(
            new Wire.RollbackServiceRequest
            {
                RequestId = Id(),
                Selector = "up",
                ToRevision = 1,
            },
            cancellationToken: Cancel
        );
        Assert.Equal(1UL, undone.Service.Revision);
        Assert.Equal("redis:3.0.6", undone.Service.Spec.Container.Image);
        Assert.True((await WaitAsync("up")).Converged);
    }

    [Fact]
    public async Task Undo_is_Dockers_own_rollback_where_that_means_the_same()
    {
        var update = UpdateConfig.Default with { Monitor = TimeSpan.FromMilliseconds(300), Parallelism = 0 };
        await CreateAsync(Spec("back") with { Update = update, Rollback = update });
        Assert.True((await WaitAsync("back")).Converged);
        await UpdateAsync("back", s => s with { Container = s.Container with { Env = ["A=1"] } });
        Assert.True((await WaitAsync("back")).Converged);
        var undone = await Client.RollbackServiceAsync(
            new Wire.RollbackServiceRequest { RequestId = Id(), Selector = "back" },
            cancellationToken: Cancel
        );
        Assert.Equal(1UL, undone.Service.Revision);
        var progress = await WaitAsync("back");
        Assert.True(progress.Converged, progress.Message);
        Assert.Equal(Wire.UpdateState.RollbackCompleted, progress.UpdateStatus.State);
        Assert.Empty((await ServiceAsync("back")).Spec.Container.Env);
    }

    [Fact]
    public async Task Undo_leaves_the_scale_alone()
    {
        await CreateAsync(Spec("keep", 0));
        await UpdateAsync("keep", s => s with { Container = s.Container with { Env = ["A=1"] } });
        await UpdateAsync("keep", s => s with { Mode = new ServiceMode.Replicated(2), Container = s.Container with { Env = ["A=2"] } });
        var undone = await Client.RollbackServiceAsync(
            new Wire.RollbackServiceRequest { RequestId = Id(), Selector = "keep" },
            cancellationToken: Cancel
        );
        Assert.Equal(["A=1"], undone.Service.Spec.Container.Env);
        Assert.Equal(2UL, undone.Service.Spec.Replicated.Replicas);
    }

    [Fact]
    public async Task A_pending_task_says_why_and_a_placement_test_says_it_of_the_node()
    {
        await CreateAsync(Spec("zoned") with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        var pending = await UntilAsync(() => TasksAsync("zoned"), t => t is [{ Pending.Count: > 0 }]);
        var reason = Assert.Single(pending[0].Pending);
        Assert.Equal(("constraints", 1U, "node.labels.zone==east is not met"), (reason.Filter, reason.Nodes, reason.Detail));

        var placement = Assert.Single(
            await PlaneHost.ListAsync(Client.TestPlacement(new Wire.TestPlacementRequest { Selector = "zoned" }, cancellationToken: Cancel))
        );
        Assert.Equal((false, "constraints"), (placement.Suitable, placement.Filter));

        var node = Assert.Single(await PlaneHost.ListAsync(Client.ListNodes(new Wire.ListNodesRequest(), cancellationToken: Cancel)));
        await Client.UpdateNodeAsync(
            new Wire.UpdateNodeRequest
            {
                RequestId = Id(),
                Selector = node.Id,
                LabelsSet = { ["zone"] = "east" },
            },
            cancellationToken: Cancel
        );
        Assert.True((await WaitAsync("zoned")).Converged);
        await Client.UpdateNodeAsync(
            new Wire.UpdateNodeRequest
            {
                RequestId = Id(),
                Selector = node.Id,
                LabelsRemoved = { "zone" },
            },
            cancellationToken: Cancel
        );
    }

    [Fact]
    public async Task A_node_shows_what_docker_knows_of_it()
    {
        var node = Assert.Single(await PlaneHost.ListAsync(Client.ListNodes(new Wire.ListNodesRequest(), cancellationToken: Cancel)));
        Assert.Equal((Wire.NodeState.Ready, Wire.NodeRole.Manager, true), (node.State, node.Role, node.Self));
        Assert.Equal((true, true), (node.ManagerStatus.Leader, node.ManagerStatus.Reachable));
        Assert.Contains("Network/overlay", node.Description.Engine.Plugins);
        Assert.True(node.Description.Resources.NanoCpus > 0);

        var demoted = () =>
            Client.UpdateNodeAsync(new Wire.UpdateNodeRequest { Selector = node.Id, Role = Wire.NodeRole.Worker }).ResponseAsync;
        Assert.Equal("LastManager", await PlaneHost.RefusedAsync(demoted));
        var removed = () => Client.RemoveNodeAsync(new Wire.RemoveNodeRequest { Selector = node.Id, Force = true }).ResponseAsync;
        Assert.Equal("NodeIsManager", await PlaneHost.RefusedAsync(removed));
    }

    [Fact]
    public async Task Wrong_requests_are_refused_and_change_nothing()
    {
        await CreateAsync(Spec("taken", 0));
        Assert.Equal("NameConflict", await PlaneHost.RefusedAsync(() => CreateAsync(Spec("taken"))));
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => ServiceAsync("nosuch")));
        var scale = new Wire.ScaleServicesRequest
        {
            Services =
            {
                new Wire.ServiceScale { Selector = "taken", Replicas = 3 },
                new Wire.ServiceScale { Selector = "nosuch", Replicas = 3 },
            },
        };
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => Client.ScaleServicesAsync(scale).ResponseAsync));
        Assert.Equal(0UL, (await ServiceAsync("taken")).Spec.Replicated.Replicas);
        var back = new Wire.RollbackServiceRequest { Selector = "taken" };
        Assert.Equal("NoPreviousRevision", await PlaneHost.RefusedAsync(() => Client.RollbackServiceAsync(back).ResponseAsync));
        var stop = new Wire.StopTaskRequest { Selector = "taken.1" };
        Assert.Equal("NotSupportedByControlPlane", await PlaneHost.RefusedAsync(() => Client.StopTaskAsync(stop).ResponseAsync));
        var init = new Wire.InitSwarmRequest { AdvertiseAddress = "127.0.0.1" };
        Assert.Equal("AlreadyInSwarm", await PlaneHost.RefusedAsync(() => Client.InitSwarmAsync(init).ResponseAsync));
        Assert.Equal("LastManager", await PlaneHost.RefusedAsync(() => Client.LeaveSwarmAsync(new Wire.LeaveSwarmRequest()).ResponseAsync));
    }

    [Fact]
    public async Task A_version_that_is_old_is_a_conflict_and_a_retry_of_a_request_is_answered_from_the_first()
    {
        var created = await CreateAsync(Spec("v", 0));
        await UpdateAsync("v", s => s with { Labels = s.Labels.With("a", "1") });
        var old = new Wire.UpdateServiceRequest
        {
            Selector = "v",
            Spec = created.Spec,
            Version = created.Version,
        };
        Assert.Equal("VersionConflict", await PlaneHost.RefusedAsync(() => Client.UpdateServiceAsync(old).ResponseAsync));

        var request = new Wire.CreateServiceRequest
        {
            RequestId = Id(),
            Spec = ProtocolMapping.ToWire(Spec("once", 0)),
            NoResolveImage = true,
        };
        var first = await Client.CreateServiceAsync(request, cancellationToken: Cancel);
        var second = await Client.CreateServiceAsync(request, cancellationToken: Cancel);
        Assert.Equal(first.Service.Id, second.Service.Id);
    }

    [Fact]
    public async Task Events_tell_of_services_and_tasks()
    {
        using var call = Client.WatchEvents(new Wire.WatchEventsRequest { Selectors = { "ev" } }, cancellationToken: Cancel);
        // The watch begins at an unknown moment, maybe in the middle of a service's life: made again and again, one is seen from its beginning at last.
        var events = new List<Wire.Event>();
        var reading = Task.Run(
            async () =>
            {
                await foreach (var e in call.ResponseStream.ReadAllAsync(Cancel))
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
            await Client.RemoveServiceAsync(new Wire.RemoveServiceRequest { RequestId = Id(), Selector = "ev" }, cancellationToken: Cancel);
            await WaitAsync("ev", removed: true);
        }
        await reading;
        Assert.Contains(events, e => e is { Kind: "service", Action: "create", Name: "ev" });
        Assert.Contains(events, e => e is { Kind: "task", Name: "ev.1" });
    }

    [Fact]
    public async Task The_swarm_has_tokens_settings_and_keys()
    {
        var tokens = await Client.GetJoinTokensAsync(new Wire.GetJoinTokensRequest(), cancellationToken: Cancel);
        Assert.StartsWith("SWMTKN-1-", tokens.Worker, StringComparison.Ordinal);
        Assert.EndsWith(":2377", tokens.ManagerAddress, StringComparison.Ordinal);
        var rotated = await Client.RotateJoinTokenAsync(
            new Wire.RotateJoinTokenRequest { Role = Wire.NodeRole.Worker },
            cancellationToken: Cancel
        );
        Assert.NotEqual(tokens.Worker, rotated.Worker);
        Assert.Equal(tokens.Manager, rotated.Manager);

        var before = await Client.GetClusterAsync(new Wire.GetClusterRequest(), cancellationToken: Cancel);
        Assert.Equal((1U, 1U, true), (before.Managers, before.Nodes, before.IsManager));
        var changed = await Client.UpdateClusterAsync(
            new Wire.UpdateClusterRequest
            {
                Settings = new Wire.ClusterSettings { TaskHistoryLimit = 3, Autolock = true },
            },
            cancellationToken: Cancel
        );
        Assert.Equal((3, true), (changed.TaskHistoryLimit, changed.Autolock));
        Assert.Equal(before.SnapshotInterval, changed.SnapshotInterval);
        var key = await Client.GetUnlockKeyAsync(new Wire.GetUnlockKeyRequest(), cancellationToken: Cancel);
        Assert.StartsWith("SWMKEY-1-", key.UnlockKey_, StringComparison.Ordinal);
        var next = await Client.RotateUnlockKeyAsync(new Wire.RotateUnlockKeyRequest(), cancellationToken: Cancel);
        Assert.NotEqual(key.UnlockKey_, next.UnlockKey_);
        await Client.UpdateClusterAsync(
            new Wire.UpdateClusterRequest
            {
                Settings = new Wire.ClusterSettings { TaskHistoryLimit = 5, Autolock = false },
            },
            cancellationToken: Cancel
        );
        Assert.Equal(
            "AutolockNotEnabled",
            await PlaneHost.RefusedAsync(() => Client.RotateUnlockKeyAsync(new Wire.RotateUnlockKeyRequest()).ResponseAsync)
        );
    }

    [Fact]
    public async Task Networks_and_published_ports()
    {
        var made = await Client.CreateNetworkAsync(
            new Wire.CreateNetworkRequest
            {
                Name = "mynet",
                Attachable = true,
                Labels = { ["a"] = "1" },
                Subnets =
                {
                    new Wire.NetworkSubnet { Subnet = "10.77.1.0/24", Gateway = "10.77.1.1" },
                },
            },
            cancellationToken: Cancel
        );
        Assert.Equal(("mynet", "overlay", "swarm", true), (made.Name, made.Driver, made.Scope, made.Attachable));
        Assert.Equal("10.77.1.0/24", made.Subnets[0].Subnet);
        var again = new Wire.CreateNetworkRequest { Name = "mynet" };
        Assert.Equal("NameConflict", await PlaneHost.RefusedAsync(() => Client.CreateNetworkAsync(again).ResponseAsync));
        var all = await PlaneHost.ListAsync(Client.ListNetworks(new Wire.ListNetworksRequest(), cancellationToken: Cancel));
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
        // The second one was chosen.
        Assert.True(ports[1].PublishedPort_ >= 30000, ports[1].ToString());

        var used = new Wire.RemoveNetworkRequest { Selector = "mynet" };
        Assert.Equal("NetworkInUse", await PlaneHost.RefusedAsync(() => Client.RemoveNetworkAsync(used).ResponseAsync));
        await UpdateAsync("net", s => s with { Networks = [], Ports = [s.Ports[1]] });
        Assert.Empty((await ServiceAsync("net")).Spec.Networks);
        var revisions = await PlaneHost.ListAsync(
            Client.ListServiceRevisions(new Wire.ListServiceRevisionsRequest { Selectors = { "net" } }, cancellationToken: Cancel)
        );
        Assert.Equal(["Networks: mynet -> (none)", "Ports: 8089:80/tcp, 81/tcp -> 81/tcp"], revisions[^1].Changes);
        await Client.RemoveNetworkAsync(used, cancellationToken: Cancel);
        Assert.Equal("NetworkNotFound", await PlaneHost.RefusedAsync(() => Client.RemoveNetworkAsync(used).ResponseAsync));
    }

    [Fact]
    public async Task Leaving_and_beginning_anew()
    {
        await CreateAsync(Spec("lost", 0));
        await Client.LeaveSwarmAsync(new Wire.LeaveSwarmRequest { Force = true }, cancellationToken: Cancel);
        var daemon = await Client.GetDaemonAsync(new Wire.GetDaemonRequest(), cancellationToken: Cancel);
        Assert.Equal((Wire.LocalNodeState.Inactive, "docker"), (daemon.State, daemon.ControlPlane));
        Assert.Equal("NotInSwarm", await PlaneHost.RefusedAsync(() => ServiceAsync("lost")));
        Assert.Equal("NotInSwarm", await PlaneHost.RefusedAsync(() => Client.GetClusterAsync(new Wire.GetClusterRequest()).ResponseAsync));
        var joined = () =>
            Client
                .JoinSwarmAsync(
                    new Wire.JoinSwarmRequest
                    {
                        Token = "nonsense",
                        RemoteAddresses = { "127.0.0.1" },
                        AdvertiseAddress = "127.0.0.1",
                    }
                )
                .ResponseAsync;
        Assert.Equal("InvalidJoinToken", await PlaneHost.RefusedAsync(joined));

        var begun = await Client.InitSwarmAsync(
            new Wire.InitSwarmRequest
            {
                AdvertiseAddress = "127.0.0.1",
                Settings = new Wire.ClusterSettings { TaskHistoryLimit = 2 },
            },
            cancellationToken: Cancel
        );
        Assert.Equal((25, 25), (begun.NodeId.Length, begun.ClusterId.Length));
        Assert.StartsWith("SWMTKN-1-", begun.Tokens.Manager, StringComparison.Ordinal);
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => ServiceAsync("lost")));
        Assert.Equal(2, (await Client.GetClusterAsync(new Wire.GetClusterRequest(), cancellationToken: Cancel)).TaskHistoryLimit);
        // The engine goes on to the other tests.
        var standard = new Wire.ClusterSettings { TaskHistoryLimit = 5 };
        await Client.UpdateClusterAsync(new Wire.UpdateClusterRequest { Settings = standard }, cancellationToken: Cancel);
    }
}
