using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>The docker control plane over a real engine whose swarm has one node.</summary>
public sealed partial class DockerPlaneTests(TestEngine engine) : IClassFixture<TestEngine>, IAsyncLifetime
{
    private PlaneHost _plane = null!;
    private EngineClient _docker = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private V1.ControlClient Client => _plane.Client;

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
            await Client.Membership.InitSwarmAsync(
                new V1.InitSwarmRequest { RequestId = Id(), AdvertiseAddress = "127.0.0.1" },
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

    private async Task<V1.Service> CreateAsync(ServiceSpec spec) =>
        (
            await Client.Services.CreateServiceAsync(
                new V1.CreateServiceRequest
                {
                    RequestId = Id(),
                    Spec = ProtocolMapping.ToWire(spec),
                    NoResolveImage = true,
                },
                cancellationToken: Cancel
            )
        ).Service;

    private async Task<V1.Service> UpdateAsync(string service, Func<ServiceSpec, ServiceSpec> change)
    {
        var read = await ServiceAsync(service);
        var response = await Client.Services.UpdateServiceAsync(
            new V1.UpdateServiceRequest
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

    private async Task<V1.Service> ServiceAsync(string service) =>
        (
            await PlaneHost.ListAsync(
                Client.Services.ListServices(new V1.ListServicesRequest { Selectors = { service } }, cancellationToken: Cancel)
            )
        )[0];

    private async Task<V1.ServiceProgress> WaitAsync(string service, bool removed = false) =>
        (
            await PlaneHost.ListAsync(
                Client.Services.WaitServices(
                    new V1.WaitServicesRequest { Selectors = { service }, Removed = removed },
                    cancellationToken: Cancel
                )
            )
        )[^1];

    private async Task<List<V1.Task>> TasksAsync(string service, bool running = true) =>
        await PlaneHost.ListAsync(
            Client.Tasks.ListTasks(new V1.ListTasksRequest { Services = { service }, DesiredRunning = running }, cancellationToken: Cancel)
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
        Assert.All(tasks, t => Assert.Equal(V1.TaskState.Running, t.Status.State));
        Assert.Equal($"web.1.{tasks[0].Id}", tasks[0].ContainerName);
        Assert.Equal("alpine:latest", tasks[0].Image);
        Assert.True(tasks[0].Status.Pid > 0);

        var scaled = await Client.Services.ScaleServicesAsync(
            new V1.ScaleServicesRequest
            {
                RequestId = Id(),
                Services =
                {
                    new V1.ServiceScale { Selector = "web", Replicas = 3 },
                },
            },
            cancellationToken: Cancel
        );
        Assert.Equal(3UL, scaled.Services[0].Spec.Replicated.Replicas);
        Assert.Equal(1UL, scaled.Services[0].Revision);
        Assert.True((await WaitAsync("web")).Converged);

        await Client.Services.RemoveServiceAsync(
            new V1.RemoveServiceRequest { RequestId = Id(), Selector = "web" },
            cancellationToken: Cancel
        );
        Assert.Equal("removed", (await WaitAsync("web", removed: true)).Message);
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => ServiceAsync("web")));
    }

    [Fact]
    public async Task Every_option_reaches_the_engine_and_comes_back()
    {
        var spec = EveryOption.Spec with
        {
            Container = EveryOption.Spec.Container with { Image = "alpine:3.18", Command = ["sleep 1000"], StopSignal = "SIGKILL" },
            // Other tests cover existing networks and published ports.
            Networks = [],
            Ports = [],
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
                  "Hostname": "{{with .Task}}{{.ID}}{{end}}",
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
        // These are the most usual options of a stack's service.
        var given = raw!["TaskTemplate"]!["ContainerSpec"]!;
        foreach (var kind in new[] { "Secret", "Config" })
        {
            var made = await _docker.PostAsync(
                $"/{kind.ToLowerInvariant()}s/create",
                new JsonObject { ["Name"] = $"shop-{kind}", ["Data"] = "c2hvcA==" },
                Cancel
            );
            given[$"{kind}s"] = new JsonArray(
                new JsonObject
                {
                    ["File"] = new JsonObject
                    {
                        ["Name"] = $"/{kind}",
                        ["UID"] = "0",
                        ["GID"] = "0",
                        ["Mode"] = 0x124,
                    },
                    [$"{kind}ID"] = made!["ID"]!.GetValue<string>(),
                    [$"{kind}Name"] = $"shop-{kind}",
                }
            );
        }
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
    public async Task A_job_of_the_docker_CLI_is_shown_waited_for_and_stays_one()
    {
        var raw = JsonNode.Parse(
            """
            {
              "Name": "job", "TaskTemplate": { "ContainerSpec": { "Image": "alpine:latest", "Args": ["true"] }, "RestartPolicy": { "Condition": "none" } },
              "Mode": { "ReplicatedJob": { "MaxConcurrent": 1, "TotalCompletions": 2 } }
            }
            """
        );
        await _docker.PostAsync("/services/create", raw, Cancel);
        var tasks = await UntilAsync(
            () => TasksAsync("job", running: false),
            t => t.Count(x => x.Status.State == V1.TaskState.Complete) == 2
        );
        Assert.Equal(2, tasks.Count);
        Assert.Equal(2UL, (await ServiceAsync("job")).Spec.Replicated.Replicas);
        var waited = await WaitAsync("job");
        Assert.True(waited.Converged, waited.ToString());
        await UpdateAsync("job", s => s with { Labels = s.Labels.With("mine", "1") });
        var after = (await _docker.GetAsync("/services/job", Cancel)).Object("Spec")!;
        Assert.Equal("""{"ReplicatedJob":{"MaxConcurrent":1,"TotalCompletions":2}}""", after["Mode"]!.ToJsonString());
        Assert.Equal("1", after["Labels"]!["mine"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_pending_task_says_why_and_a_placement_test_says_it_of_the_node()
    {
        await CreateAsync(Spec("zoned") with { Placement = new Placement { Constraints = ["node.labels.zone==east"] } });
        var pending = await UntilAsync(() => TasksAsync("zoned"), t => t is [{ Pending.Count: > 0 }]);
        var reason = Assert.Single(pending[0].Pending);
        Assert.Equal(("constraints", 1U, "node.labels.zone==east is not met"), (reason.Filter, reason.Nodes, reason.Detail));

        var placement = Assert.Single(
            await PlaneHost.ListAsync(
                Client.Tasks.TestPlacement(new V1.TestPlacementRequest { Selector = "zoned" }, cancellationToken: Cancel)
            )
        );
        Assert.Equal((false, "constraints"), (placement.Suitable, placement.Filter));

        var node = Assert.Single(await PlaneHost.ListAsync(Client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: Cancel)));
        await Client.Nodes.UpdateNodeAsync(
            new V1.UpdateNodeRequest
            {
                RequestId = Id(),
                Selector = node.Id,
                LabelsSet = { ["zone"] = "east" },
            },
            cancellationToken: Cancel
        );
        Assert.True((await WaitAsync("zoned")).Converged);
        await Client.Nodes.UpdateNodeAsync(
            new V1.UpdateNodeRequest
            {
                RequestId = Id(),
                Selector = node.Id,
                LabelsRemoved = { "zone" },
            },
            cancellationToken: Cancel
        );
    }

    [Fact]
    public async Task Platforms_and_host_ports_are_filters_too()
    {
        var port = new PublishedPort
        {
            Target = 80,
            Published = 18080,
            Mode = PublishMode.Host,
        };
        await CreateAsync(Spec("first") with { Ports = [port] });
        Assert.True((await WaitAsync("first")).Converged);
        await CreateAsync(Spec("second") with { Ports = [port] });
        await AssertPendingAsync("second", "ports", "host port 18080/tcp is taken by another task");

        // The spec as the docker CLI leaves it for an image of other platforms only.
        var spec = DockerServiceSpec.New(Spec("foreign"));
        spec["TaskTemplate"]!["Placement"] = JsonNode.Parse("""{"Platforms":[{"Architecture":"s390x","OS":"linux"}]}""");
        await _docker.PostAsync("/services/create", spec, Cancel);
        var node = Assert.Single(await PlaneHost.ListAsync(Client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: Cancel)));
        await AssertPendingAsync(
            "foreign",
            "platform",
            $"the image is not made for linux/{(node.Description.Platform.Architecture == "x86_64" ? "amd64" : "arm64")}"
        );

        await Client.Services.RemoveServiceAsync(
            new V1.RemoveServiceRequest { RequestId = Id(), Selector = "first" },
            cancellationToken: Cancel
        );
        Assert.True((await WaitAsync("second")).Converged);
    }

    private async Task AssertPendingAsync(string service, string filter, string detail)
    {
        var pending = await UntilAsync(() => TasksAsync(service), t => t is [{ Pending.Count: > 0 }]);
        var reason = Assert.Single(pending[0].Pending);
        Assert.Equal((filter, 1U, detail), (reason.Filter, reason.Nodes, reason.Detail));
        var placement = Assert.Single(
            await PlaneHost.ListAsync(
                Client.Tasks.TestPlacement(new V1.TestPlacementRequest { Selector = service }, cancellationToken: Cancel)
            )
        );
        Assert.Equal((false, filter, detail), (placement.Suitable, placement.Filter, placement.Detail));
    }

    [Fact]
    public async Task Wrong_requests_are_refused_and_change_nothing()
    {
        await CreateAsync(Spec("taken", 0));
        Assert.Equal("NameConflict", await PlaneHost.RefusedAsync(() => CreateAsync(Spec("taken"))));
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => ServiceAsync("nosuch")));
        var scale = new V1.ScaleServicesRequest
        {
            Services =
            {
                new V1.ServiceScale { Selector = "taken", Replicas = 3 },
                new V1.ServiceScale { Selector = "nosuch", Replicas = 3 },
            },
        };
        Assert.Equal("ServiceNotFound", await PlaneHost.RefusedAsync(() => Client.Services.ScaleServicesAsync(scale).ResponseAsync));
        Assert.Equal(0UL, (await ServiceAsync("taken")).Spec.Replicated.Replicas);
        var back = new V1.RollbackServiceRequest { Selector = "taken" };
        Assert.Equal("NoPreviousRevision", await PlaneHost.RefusedAsync(() => Client.Services.RollbackServiceAsync(back).ResponseAsync));
        var stop = new V1.StopTaskRequest { Selector = "taken.1" };
        Assert.Equal("NotSupportedByControlPlane", await PlaneHost.RefusedAsync(() => Client.Tasks.StopTaskAsync(stop).ResponseAsync));
        var init = new V1.InitSwarmRequest { AdvertiseAddress = "127.0.0.1" };
        Assert.Equal("AlreadyInSwarm", await PlaneHost.RefusedAsync(() => Client.Membership.InitSwarmAsync(init).ResponseAsync));
        Assert.Equal(
            "LastManager",
            await PlaneHost.RefusedAsync(() => Client.Membership.LeaveSwarmAsync(new V1.LeaveSwarmRequest()).ResponseAsync)
        );
    }

    [Fact]
    public async Task A_version_that_is_old_is_a_conflict_and_a_retry_of_a_request_is_answered_from_the_first()
    {
        var created = await CreateAsync(Spec("v", 0));
        await UpdateAsync("v", s => s with { Labels = s.Labels.With("a", "1") });
        var old = new V1.UpdateServiceRequest
        {
            Selector = "v",
            Spec = created.Spec,
            Version = created.Version,
        };
        Assert.Equal("VersionConflict", await PlaneHost.RefusedAsync(() => Client.Services.UpdateServiceAsync(old).ResponseAsync));

        var request = new V1.CreateServiceRequest
        {
            RequestId = Id(),
            Spec = ProtocolMapping.ToWire(Spec("once", 0)),
            NoResolveImage = true,
        };
        var first = await Client.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        var second = await Client.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        Assert.Equal(first.Service.Id, second.Service.Id);
    }
}
