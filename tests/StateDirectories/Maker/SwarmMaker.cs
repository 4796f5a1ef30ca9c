using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Protocol.V1;
using Task = System.Threading.Tasks.Task;

namespace Swarm.StateDirectories;

/// <summary>A swarm with a manager, and with a worker unless the log is to be empty; and the data that is kept of them.</summary>
internal sealed class SwarmMaker(string output, int number, bool autolock, string log) : IDisposable
{
    private const string StateRoot = "/var/lib/swarmd";
    private const int Kill = 9;
    private const int Term = 15;

    /// <summary>Above the swarm's own ports, below those that the kernel hands out.</summary>
    private const int Port = 22377;

    /// <summary>Bytes of a filler's label: the log's data files have 256 KiB, and whole ones are dropped.</summary>
    private const int FillerSize = 24_000;

    private const int Fillers = 60;
    private const int SnapshotInterval = 20;

    private readonly DaemonProcess _manager = new("manager1", $"127.20.{number}.1:{Port}", Path.Combine(StateRoot, "manager"));
    private readonly DaemonProcess _worker = new("worker1", $"127.20.{number}.2:{Port}", Path.Combine(StateRoot, "worker"));
    private readonly JsonObject _record = [];

    private ControlClient Control => _manager.Control;

    public async Task RunAsync()
    {
        await _manager.StartAsync();
        var settings = new ClusterSettings { Autolock = autolock };
        if (log != "empty")
        {
            settings.HeartbeatPeriod = Duration.FromTimeSpan(TimeSpan.FromMinutes(1));
            settings.TaskHistoryLimit = 3;
        }
        if (log == "compacted")
        {
            settings.SnapshotInterval = SnapshotInterval;
        }
        var made = await Control.Membership.InitSwarmAsync(new InitSwarmRequest { Settings = settings });
        if (log != "empty")
        {
            await _worker.StartAsync();
            await _worker.Control.Membership.JoinSwarmAsync(
                new JoinSwarmRequest { Token = made.Tokens.Worker, RemoteAddresses = { _manager.Address } }
            );
            await NodesAsync(n => n.Count == 2 && n.All(x => x.State == NodeState.Ready));
            await Control.Nodes.UpdateNodeAsync(new UpdateNodeRequest { Selector = "worker1", LabelsSet = { ["zone"] = "east" } });
            await HistoryAsync();
        }
        if (log == "compacted")
        {
            await FillAsync();
            // The first secrets are no longer valid: the state has only the last of each.
            await Control.Clusters.RotateJoinTokenAsync(new RotateJoinTokenRequest { Role = NodeRole.Worker });
            _record["retiredWorkerToken"] = made.Tokens.Worker;
            if (autolock)
            {
                _record["retiredUnlockKey"] = made.UnlockKey;
                await Control.Clusters.RotateUnlockKeyAsync(new RotateUnlockKeyRequest());
            }
        }
        await NodesAsync(n => n.All(x => x.State == NodeState.Ready));
        await RecordAsync();
        await StopAsync();
        Directory.CreateDirectory(output);
        await File.WriteAllTextAsync(
            Path.Combine(output, "swarm.json"),
            _record.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n"
        );
        foreach (var daemon in (DaemonProcess[])[_manager, _worker])
        {
            if (Directory.Exists(daemon.StateDirectory))
            {
                Pack(Path.GetFileName(daemon.StateDirectory));
                daemon.KillTasks();
                Directory.Delete(daemon.StateDirectory, recursive: true);
            }
        }
    }

    public void Dispose()
    {
        _manager.Dispose();
        _worker.Dispose();
    }

    /// <summary>Services of several kinds, updated, scaled, rolled back and removed; at the end everything that is to run runs.</summary>
    private async Task HistoryAsync()
    {
        var web = Spec("web", "web:1", 2, "node.role==worker");
        web.Labels["tier"] = "front";
        web.Container.Env.Add("GREETING=hello");
        web.Container.StopGracePeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(5));
        web.Update = new UpdateConfig
        {
            Parallelism = 1,
            Monitor = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(200)),
            Order = UpdateOrder.StartFirst,
        };
        web.Resources = new ResourceRequirements
        {
            Reservations = new Resources { NanoCpus = 50_000_000, MemoryBytes = 16 << 20 },
        };
        await Control.Services.CreateServiceAsync(new CreateServiceRequest { Spec = web });
        await RunningAsync("web", 2, 1);
        await UpdateAsync("web", spec => spec.Container.Image = "web:2");
        await RunningAsync("web", 2, 2);
        await Control.Services.ScaleServicesAsync(
            new ScaleServicesRequest
            {
                Services =
                {
                    new ServiceScale { Selector = "web", Replicas = 3 },
                },
            }
        );
        await RunningAsync("web", 3, null);

        await CreateAsync(Sleeper("own", 1, "node.role==manager"));
        await RunningAsync("own", 1, 1);
        await UpdateAsync("own", spec => spec.Container.Env.Add("LEVEL=2"));
        await RunningAsync("own", 1, 2);
        await Control.Services.RollbackServiceAsync(new RollbackServiceRequest { Selector = "own" });
        await RunningAsync("own", 1, null);

        var everywhere = Sleeper("everywhere", 0, "node.platform.os==linux");
        everywhere.Global = new GlobalMode();
        await CreateAsync(everywhere);
        await RunningAsync("everywhere", 2, 1);

        var once = Spec("once", "alpine", 1, "node.labels.zone==east");
        once.Container.Command.Add("true");
        once.RestartPolicy = new RestartPolicy { Condition = RestartCondition.OnFailure };
        await CreateAsync(once);
        await TasksAsync("once", t => t.Count == 1 && t[0].Status.State == TaskState.Complete);

        var failing = Spec("failing", "alpine", 1, "node.role==worker");
        failing.Container.Command.Add(["sh", "-c", "exit 3"]);
        failing.RestartPolicy = new RestartPolicy
        {
            Condition = RestartCondition.OnFailure,
            Delay = new Duration(),
            MaxAttempts = 2,
        };
        await CreateAsync(failing);
        await TasksAsync("failing", t => t.Count == 3 && t.All(x => x.Status.State == TaskState.Failed));

        await CreateAsync(Sleeper("nowhere", 1, "node.labels.zone==west"));
        await TasksAsync("nowhere", t => t.Count == 1 && t[0].Pending.Count > 0);

        await CreateAsync(Sleeper("gone", 1, "node.role==worker"));
        await RunningAsync("gone", 1, 1);
        await Control.Services.RemoveServiceAsync(new RemoveServiceRequest { Selector = "gone" });
        await WaitAsync(
            "the removed service's tasks",
            async () => await ListAsync(Control.Tasks.ListTasks(new ListTasksRequest())),
            t => t.All(x => x.ServiceName != "gone")
        );
    }

    /// <summary>Enough changes that snapshots are taken and whole data files of the log are dropped; some entries follow the last snapshot.</summary>
    private async Task FillAsync()
    {
        var filler = Sleeper("filler", 0, "node.role==worker");
        await CreateAsync(filler);
        for (var i = 1; i <= Fillers; i++)
        {
            await UpdateAsync(
                "filler",
                spec => spec.Labels["filling"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(FillerSize / 2))
            );
        }
        await UpdateAsync("filler", spec => spec.Labels["filling"] = "none");
        var snapshots = Path.Combine(_manager.StateDirectory, "raft", "snapshots");
        await WaitAsync("a snapshot", () => Task.FromResult(Directory.GetFiles(snapshots, "*.snapshot")), s => s.Length > 0);
    }

    private async Task RecordAsync()
    {
        _record["log"] = log;
        _record["stop"] = StopSignal == Kill ? "killed" : "stopped";
        _record["cluster"] = Json(await Control.Clusters.GetClusterAsync(new GetClusterRequest()));
        _record["tokens"] = Json(await Control.Clusters.GetJoinTokensAsync(new GetJoinTokensRequest()));
        _record["unlockKey"] = autolock ? (await Control.Clusters.GetUnlockKeyAsync(new GetUnlockKeyRequest())).UnlockKey_ : "";
        _record["admin"] = await AdministratorAsync();
        _record["nodes"] = Json(await ListAsync(Control.Nodes.ListNodes(new ListNodesRequest())));
        _record["services"] = Json(await ListAsync(Control.Services.ListServices(new ListServicesRequest())));
        _record["revisions"] = Json(await ListAsync(Control.Services.ListServiceRevisions(new ListServiceRevisionsRequest())));
        _record["tasks"] = Json(await ListAsync(Control.Tasks.ListTasks(new ListTasksRequest())));
        _record["at"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture);
    }

    private async Task<JsonObject> AdministratorAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=operator", key, HashAlgorithmName.SHA256);
        var issued = await Control.Clusters.IssueClientCertificateAsync(
            new IssueClientCertificateRequest
            {
                Name = "operator",
                CertificateRequest = ByteString.CopyFrom(request.CreateSigningRequest()),
            }
        );
        return new JsonObject { ["certificate"] = issued.Certificate, ["key"] = key.ExportPkcs8PrivateKeyPem() };
    }

    /// <summary>A compacted log ends with a planned stop, the others in the middle of the work.</summary>
    private int StopSignal => log == "compacted" ? Term : Kill;

    private async Task StopAsync()
    {
        await _worker.StopAsync(StopSignal);
        await _manager.StopAsync(StopSignal);
    }

    private void Pack(string name)
    {
        using var tar = Process.Start(
            "tar",
            [
                "--format=gnu",
                "--sort=name",
                "--numeric-owner",
                "--owner=0",
                "--group=0",
                "-I",
                "gzip -9n",
                "-cf",
                Path.Combine(output, name + ".tar.gz"),
                "-C",
                StateRoot,
                name,
            ]
        );
        tar.WaitForExit();
        if (tar.ExitCode != 0)
        {
            throw new InvalidOperationException($"tar ended with {tar.ExitCode}.");
        }
    }

    private static ServiceSpec Spec(string name, string image, int replicas, string constraint) =>
        new()
        {
            Name = name,
            Container = new ContainerSpec { Image = image },
            Placement = new Placement { Constraints = { constraint } },
            Replicated = new ReplicatedMode { Replicas = (ulong)replicas },
        };

    private static ServiceSpec Sleeper(string name, int replicas, string constraint)
    {
        var spec = Spec(name, "alpine", replicas, constraint);
        spec.Container.Command.Add(["sleep", "100000"]);
        spec.Container.StopSignal = "KILL";
        return spec;
    }

    private async Task CreateAsync(ServiceSpec spec) =>
        await Control.Services.CreateServiceAsync(new CreateServiceRequest { Spec = spec, NoResolveImage = true });

    private async Task UpdateAsync(string name, Action<ServiceSpec> change)
    {
        var service = (await ListAsync(Control.Services.ListServices(new ListServicesRequest { Selectors = { name } }))).Single();
        change(service.Spec);
        await Control.Services.UpdateServiceAsync(
            new UpdateServiceRequest
            {
                Selector = name,
                Spec = service.Spec,
                Version = service.Version,
                NoResolveImage = name != "web",
            }
        );
    }

    /// <summary>So many tasks run, of this revision if one is given, no other is wanted, and the update is over.</summary>
    private async Task RunningAsync(string name, int count, ulong? revision)
    {
        await TasksAsync(
            name,
            t =>
                t.Count(x =>
                    x.Status.State == TaskState.Running && x.DesiredState == TaskState.Running && x.Revision == (revision ?? x.Revision)
                ) == count
                && t.Count(x => x.Status.State <= TaskState.Running) == count
        );
        await WaitAsync(
            $"{name}'s update",
            async () => (await ListAsync(Control.Services.ListServices(new ListServicesRequest { Selectors = { name } }))).Single(),
            s => s.UpdateStatus is not { State: UpdateState.Updating or UpdateState.RollbackStarted }
        );
    }

    private Task TasksAsync(string service, Func<List<Swarm.Protocol.V1.Task>, bool> wanted) =>
        WaitAsync($"tasks of {service}", () => ListAsync(Control.Tasks.ListTasks(new ListTasksRequest { Services = { service } })), wanted);

    private Task NodesAsync(Func<List<Node>, bool> wanted) =>
        WaitAsync("the nodes", () => ListAsync(Control.Nodes.ListNodes(new ListNodesRequest())), wanted);

    private async Task WaitAsync<T>(string what, Func<Task<T>> look, Func<T, bool> wanted)
    {
        var start = Stopwatch.StartNew();
        while (true)
        {
            var seen = await look();
            if (wanted(seen))
            {
                return;
            }
            if (start.Elapsed > TimeSpan.FromMinutes(1))
            {
                throw new TimeoutException(
                    $"Not within a minute: {what}. Last seen: {JsonSerializer.Serialize(seen)}\n{_manager.Log}\n{_worker.Log}"
                );
            }
            await Task.Delay(50);
        }
    }

    private static async Task<List<T>> ListAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using (call)
        {
            return await call.ResponseStream.ReadAllAsync().ToListAsync();
        }
    }

    private static JsonNode Json(IMessage message) => JsonNode.Parse(JsonFormatter.Default.Format(message))!;

    private static JsonArray Json(IEnumerable<IMessage> messages) => [.. messages.Select(Json)];
}
