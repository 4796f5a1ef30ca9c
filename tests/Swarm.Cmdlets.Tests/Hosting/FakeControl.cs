using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>The control API in memory, with just enough behaviour to see what the module asks and how it takes the answers.</summary>
internal sealed class FakeControl : V1.Control.ControlBase
{
    private readonly Lock _gate = new();
    private ulong _version = 10;

    public List<IMessage> Requests { get; } = [];
    public List<V1.Node> Nodes { get; } = [];
    public List<V1.Service> Services { get; } = [];
    public List<V1.Task> Tasks { get; } = [];
    public V1.DaemonInfo Daemon { get; } =
        new()
        {
            Hostname = "manager1",
            NodeId = "node1id",
            Version = "0.1.0",
            Executor = "Process",
        };
    public V1.JoinTokens Tokens { get; } =
        new()
        {
            Worker = "SWMTKN-1-ca-worker",
            Manager = "SWMTKN-1-ca-manager",
            ManagerAddress = "127.0.0.11:2377",
        };

    /// <summary>What waits answer, until the stream ends; null waits until it is cancelled.</summary>
    public List<V1.ServiceProgress?> Progress { get; } = [];

    /// <summary>Runs before each update is applied: another writer.</summary>
    public Action<V1.Service>? BeforeUpdate { get; set; }
    public RpcException? Refusal { get; set; }

    /// <summary>Each is the answer to one call.</summary>
    public Queue<RpcException> NextRefusals { get; } = new();

    /// <summary>Breaks the connection once, after the services have been scaled.</summary>
    public bool BreaksAfterScale { get; set; }

    /// <summary>What happens to a node that is waited for.</summary>
    public Action<V1.Node>? DuringNodeWait { get; set; }
    public int TaskHistoryLimit { get; set; } = 5;

    public X509Certificate2 Root { get; } = MakeRoot();

    public X509Certificate2 Issue(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        return request.Create(Root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), [4, 5, 6]);
    }

    private static X509Certificate2 MakeRoot()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=swarm-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
    }

    public FakeControl()
    {
        for (var i = 0; i < 3; i++)
        {
            Nodes.Add(
                new V1.Node
                {
                    Id = $"node{i}id",
                    Name = i == 0 ? "manager1" : $"worker{i}",
                    Role = i == 0 ? V1.NodeRole.Manager : V1.NodeRole.Worker,
                    State = V1.NodeState.Ready,
                    Self = i == 0,
                    ManagerStatus =
                        i == 0
                            ? new V1.ManagerStatus
                            {
                                Leader = true,
                                Reachable = true,
                                Address = "127.0.0.11:2377",
                            }
                            : null,
                    CreatedAt = Timestamp.FromDateTime(DateTime.UtcNow.AddMinutes(-10)),
                    Labels = { { "zone", i < 2 ? "a" : "b" } },
                    Description = new V1.NodeDescription
                    {
                        Hostname = i == 0 ? "manager1" : $"worker{i}",
                        Platform = new V1.Platform { Os = "linux", Architecture = "x86_64" },
                        Resources = new V1.Resources { NanoCpus = 2_000_000_000, MemoryBytes = 1L << 30 },
                        Engine = new V1.EngineDescription { Version = "29.0", Labels = { { "com.example.storage", "ssd" } } },
                        Executor = "Process",
                    },
                }
            );
        }
    }

    public static RpcException Refuse(StatusCode code, string id, string message, string target, string action = "") =>
        new(
            new Status(code, message),
            new Metadata
            {
                { "swarm-error-id", id },
                { "swarm-target", target },
                { "swarm-action-bin", Encoding.UTF8.GetBytes(action) },
            }
        );

    public T Last<T>()
        where T : IMessage
    {
        lock (_gate)
        {
            return Requests.OfType<T>().Last();
        }
    }

    public T[] All<T>()
    {
        lock (_gate)
        {
            return [.. Requests.OfType<T>()];
        }
    }

    public int Count<T>()
    {
        lock (_gate)
        {
            return Requests.OfType<T>().Count();
        }
    }

    public V1.Service AddService(string name, ulong replicas = 1, string image = "redis:3.0.6@sha256:1111")
    {
        var service = new V1.Service
        {
            Id = $"{name}id{Services.Count}",
            Version = ++_version,
            Revision = 1,
            Spec = Swarm.Cmdlets.Services.ServiceSpecDefaults.New(name, global: false),
        };
        service.Spec.Container.Image = image;
        service.Spec.Replicated.Replicas = replicas;
        Services.Add(service);
        Place(service);
        return service;
    }

    public V1.Task AddTask(V1.Service service, ulong slot, V1.TaskState state, V1.TaskState desired, int minutesAgo, string image)
    {
        var node = Nodes[(int)(slot % (ulong)Nodes.Count)];
        var task = new V1.Task
        {
            Id = $"task{Tasks.Count:d20}",
            Name = $"{service.Spec.Name}.{slot}",
            ServiceId = service.Id,
            ServiceName = service.Spec.Name,
            Slot = slot,
            NodeId = node.Id,
            NodeName = node.Name,
            Image = image,
            DesiredState = desired,
            Status = new V1.TaskStatus
            {
                State = state,
                Timestamp = Timestamp.FromDateTime(DateTime.UtcNow.AddMinutes(-minutesAgo).AddSeconds(-1)),
            },
            CreatedAt = Timestamp.FromDateTime(DateTime.UtcNow.AddMinutes(-minutesAgo)),
            Revision = service.Revision,
        };
        Tasks.Add(task);
        return task;
    }

    private void Place(V1.Service service)
    {
        Tasks.RemoveAll(t => t.ServiceId == service.Id);
        service.DesiredTasks = service.RunningTasks = service.Spec.Replicated?.Replicas ?? (ulong)Nodes.Count;
        for (ulong slot = 1; slot <= service.DesiredTasks; slot++)
        {
            AddTask(service, slot, V1.TaskState.Running, V1.TaskState.Running, 4, service.Spec.Container.Image);
        }
    }

    private void Note(IMessage request)
    {
        lock (_gate)
        {
            Requests.Add(request);
            if (NextRefusals.TryDequeue(out var next))
            {
                throw next;
            }
        }
        if (Refusal is not null)
        {
            throw Refusal;
        }
    }

    private V1.Service Service(string selector) =>
        Services.FirstOrDefault(s => s.Id == selector || s.Spec.Name == selector)
        ?? throw Refuse(
            StatusCode.NotFound,
            "ServiceNotFound",
            $"Service '{selector}' does not exist.",
            selector,
            "Look at Get-SwarmService."
        );

    private V1.Node Node(string selector) =>
        Nodes.FirstOrDefault(n => n.Id == selector || n.Name == selector)
        ?? throw Refuse(StatusCode.NotFound, "NodeNotFound", $"Node '{selector}' does not exist.", selector);

    private static async AsyncTask SendAsync<T>(IEnumerable<T> items, IServerStreamWriter<T> stream)
    {
        foreach (var item in items.ToList())
        {
            await stream.WriteAsync(item);
        }
    }

    private static V1.Preview Preview(string action) =>
        new()
        {
            Actions =
            {
                new V1.PreviewAction
                {
                    Action = action,
                    TaskName = "web.3",
                    NodeName = "worker2",
                },
            },
        };

    public override Task<V1.DaemonInfo> GetDaemon(V1.GetDaemonRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(Daemon);
    }

    /// <summary>Nodes whose swarmd is not connected.</summary>
    public HashSet<string> Disconnected { get; } = [];

    public override Task<V1.RunHostCommandResponse> RunHostCommand(V1.RunHostCommandRequest request, ServerCallContext context)
    {
        Note(request);
        var node = request.Selector.Length == 0 ? Nodes[0] : Node(request.Selector);
        if (Disconnected.Contains(node.Name))
        {
            throw Refuse(StatusCode.Unavailable, "NodeNotConnected", $"The swarmd of node {node.Name} is not connected.", node.Name);
        }
        var answer = new V1.HostAnswer();
        if (request.Command.Firewall is { } firewall)
        {
            answer.Firewall = new V1.FirewallReport { Provider = V1.FirewallProvider.Ufw };
            answer.Firewall.Commands.Add("ufw allow 2377/tcp");
            answer.Firewall.Rules.Add(
                new V1.FirewallRule
                {
                    Port = "2377/tcp",
                    Purpose = "cluster management",
                    State = firewall.Action == V1.FirewallAction.Add ? "open" : "closed",
                    OpenedBy = firewall.Action == V1.FirewallAction.Add ? "swarm" : "none",
                    Permanent = true,
                    Sources = { firewall.Sources },
                }
            );
        }
        else
        {
            answer.Checks.Add(
                new V1.HostCheck
                {
                    Name = "Engine",
                    Status = "failed",
                    Detail = "none",
                    Remedy = "Install-SwarmEngine",
                }
            );
        }
        return AsyncTask.FromResult(
            new V1.RunHostCommandResponse
            {
                NodeId = node.Id,
                NodeName = node.Name,
                Answer = answer,
            }
        );
    }

    public override Task<V1.InitSwarmResponse> InitSwarm(V1.InitSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        Daemon.State = V1.LocalNodeState.Active;
        Daemon.IsManager = true;
        return AsyncTask.FromResult(
            new V1.InitSwarmResponse
            {
                NodeId = "node0id",
                ClusterId = "cluster1",
                Tokens = Tokens,
                UnlockKey = request.Settings.Autolock ? "SWMKEY-1-abc" : "",
            }
        );
    }

    public override Task<V1.JoinSwarmResponse> JoinSwarm(V1.JoinSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(
            new V1.JoinSwarmResponse
            {
                NodeId = "node9id",
                ClusterId = "cluster1",
                Role = V1.NodeRole.Manager,
            }
        );
    }

    public override Task<V1.LeaveSwarmResponse> LeaveSwarm(V1.LeaveSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.LeaveSwarmResponse());
    }

    public override Task<V1.Cluster> GetCluster(V1.GetClusterRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(
            new V1.Cluster
            {
                Id = "cluster1",
                NodeId = "node0id",
                IsManager = true,
                Managers = 1,
                Nodes = 3,
                TaskHistoryLimit = TaskHistoryLimit,
                SnapshotInterval = 10000,
                HeartbeatPeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
                CertificateExpiry = Duration.FromTimeSpan(TimeSpan.FromDays(90)),
            }
        );
    }

    public override async Task<V1.Cluster> UpdateCluster(V1.UpdateClusterRequest request, ServerCallContext context)
    {
        Note(request);
        TaskHistoryLimit = request.Settings.HasTaskHistoryLimit ? request.Settings.TaskHistoryLimit : TaskHistoryLimit;
        return await GetCluster(new V1.GetClusterRequest(), context);
    }

    public override Task<V1.JoinTokens> GetJoinTokens(V1.GetJoinTokensRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(Tokens);
    }

    public override Task<V1.JoinTokens> RotateJoinToken(V1.RotateJoinTokenRequest request, ServerCallContext context)
    {
        Note(request);
        Tokens.Worker = "SWMTKN-1-ca-worker2";
        return AsyncTask.FromResult(Tokens);
    }

    public override Task<V1.UnlockSwarmResponse> UnlockSwarm(V1.UnlockSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.UnlockSwarmResponse());
    }

    public override Task<V1.UnlockKey> GetUnlockKey(V1.GetUnlockKeyRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.UnlockKey { UnlockKey_ = "SWMKEY-1-abc" });
    }

    public override Task<V1.UnlockKey> RotateUnlockKey(V1.RotateUnlockKeyRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.UnlockKey { UnlockKey_ = "SWMKEY-1-def" });
    }

    public override Task<V1.IssueClientCertificateResponse> IssueClientCertificate(
        V1.IssueClientCertificateRequest request,
        ServerCallContext context
    )
    {
        Note(request);
        var wanted = CertificateRequest.LoadSigningRequest(request.CertificateRequest.ToByteArray(), HashAlgorithmName.SHA256);
        using var issued = wanted.Create(Root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(30), [1, 2, 3]);
        return AsyncTask.FromResult(
            new V1.IssueClientCertificateResponse
            {
                Certificate = issued.ExportCertificatePem(),
                RootCertificate = Root.ExportCertificatePem(),
                ManagerAddresses = { "127.0.0.11:2377" },
            }
        );
    }

    public List<V1.Network> Networks { get; } = [];

    public override Task<V1.Network> CreateNetwork(V1.CreateNetworkRequest request, ServerCallContext context)
    {
        Note(request);
        var network = new V1.Network
        {
            Id = request.Name + "id",
            Name = request.Name,
            Driver = request.Driver,
            Scope = "swarm",
            Attachable = request.Attachable,
        };
        network.Subnets.Add(request.Subnets);
        Networks.Add(network);
        return AsyncTask.FromResult(network);
    }

    public override AsyncTask ListNetworks(
        V1.ListNetworksRequest request,
        IServerStreamWriter<V1.Network> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        return SendAsync(
            Networks.Where(n => request.Selectors.Count == 0 || request.Selectors.Contains(n.Name) || request.Selectors.Contains(n.Id)),
            responseStream
        );
    }

    public override Task<V1.RemoveNetworkResponse> RemoveNetwork(V1.RemoveNetworkRequest request, ServerCallContext context)
    {
        Note(request);
        Networks.RemoveAll(n => n.Id == request.Selector);
        return AsyncTask.FromResult(new V1.RemoveNetworkResponse());
    }

    public override AsyncTask ListNodes(V1.ListNodesRequest request, IServerStreamWriter<V1.Node> responseStream, ServerCallContext context)
    {
        Note(request);
        return SendAsync(request.Selectors.Count == 0 ? Nodes : request.Selectors.Select(Node), responseStream);
    }

    public override Task<V1.UpdateNodeResponse> UpdateNode(V1.UpdateNodeRequest request, ServerCallContext context)
    {
        Note(request);
        var node = Node(request.Selector);
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.UpdateNodeResponse { Node = node, Preview = Preview("move") });
        }
        node.Availability = request.HasAvailability ? request.Availability : node.Availability;
        node.Role = request.HasRole ? request.Role : node.Role;
        node.Labels.Add(request.LabelsSet.Where(l => !node.Labels.ContainsKey(l.Key)).ToDictionary());
        return AsyncTask.FromResult(new V1.UpdateNodeResponse { Node = node });
    }

    public override Task<V1.RemoveNodeResponse> RemoveNode(V1.RemoveNodeRequest request, ServerCallContext context)
    {
        Note(request);
        if (!request.DryRun)
        {
            Nodes.Remove(Node(request.Selector));
        }
        return AsyncTask.FromResult(new V1.RemoveNodeResponse { Preview = request.DryRun ? Preview("remove") : null });
    }

    public override Task<V1.CreateServiceResponse> CreateService(V1.CreateServiceRequest request, ServerCallContext context)
    {
        Note(request);
        if (Services.Any(s => s.Spec.Name == request.Spec.Name))
        {
            throw Refuse(
                StatusCode.AlreadyExists,
                "NameConflict",
                $"A service '{request.Spec.Name}' exists.",
                request.Spec.Name,
                "Choose another name."
            );
        }
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.CreateServiceResponse { Preview = Preview("create") });
        }
        var service = new V1.Service
        {
            Id = $"service{Services.Count}",
            Version = ++_version,
            Revision = 1,
            Spec = request.Spec,
        };
        Services.Add(service);
        Place(service);
        return AsyncTask.FromResult(new V1.CreateServiceResponse { Service = service, Warnings = { "image could not be resolved" } });
    }

    public override AsyncTask ListServices(
        V1.ListServicesRequest request,
        IServerStreamWriter<V1.Service> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        return SendAsync(request.Selectors.Count == 0 ? Services : request.Selectors.Select(Service), responseStream);
    }

    public override Task<V1.UpdateServiceResponse> UpdateService(V1.UpdateServiceRequest request, ServerCallContext context)
    {
        Note(request);
        var service = Service(request.Selector);
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service, Preview = Preview("stop") });
        }
        if (BeforeUpdate is { } other)
        {
            BeforeUpdate = null;
            other(service);
            service.Version = ++_version;
        }
        if (request.Version != 0 && request.Version != service.Version)
        {
            throw Refuse(StatusCode.Aborted, "VersionConflict", "The service has changed.", service.Spec.Name);
        }
        service.PreviousSpec = service.Spec;
        service.Spec = request.Spec;
        service.Version = ++_version;
        service.Revision++;
        Place(service);
        return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service });
    }

    public override Task<V1.ScaleServicesResponse> ScaleServices(V1.ScaleServicesRequest request, ServerCallContext context)
    {
        Note(request);
        var services = request.Services.Select(s => (Service(s.Selector), s.Replicas)).ToList();
        if (services.Any(s => s.Replicas < 0))
        {
            throw Refuse(StatusCode.InvalidArgument, "InvalidReplicas", "A service cannot have a negative number of replicas.", "web");
        }
        var response = new V1.ScaleServicesResponse { Preview = request.DryRun ? Preview("create") : null };
        foreach (var (service, replicas) in services.Where(_ => !request.DryRun))
        {
            service.Spec.Replicated.Replicas = (ulong)replicas;
            Place(service);
            response.Services.Add(service);
        }
        if (BreaksAfterScale)
        {
            BreaksAfterScale = false;
            context.GetHttpContext().Abort();
        }
        return AsyncTask.FromResult(response);
    }

    public override Task<V1.UpdateServiceResponse> RollbackService(V1.RollbackServiceRequest request, ServerCallContext context)
    {
        Note(request);
        var service = Service(request.Selector);
        if (!request.DryRun)
        {
            (service.Spec, service.PreviousSpec) = (service.PreviousSpec, service.Spec);
        }
        return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service, Preview = request.DryRun ? Preview("stop") : null });
    }

    public override Task<V1.RemoveServiceResponse> RemoveService(V1.RemoveServiceRequest request, ServerCallContext context)
    {
        Note(request);
        var service = Service(request.Selector);
        if (!request.DryRun)
        {
            Services.Remove(service);
        }
        return AsyncTask.FromResult(
            new V1.RemoveServiceResponse { ServiceId = service.Id, Preview = request.DryRun ? Preview("remove") : null }
        );
    }

    public override AsyncTask ListServiceRevisions(
        V1.ListServiceRevisionsRequest request,
        IServerStreamWriter<V1.ServiceRevision> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        var services = request.Selectors.Count == 0 ? Services : request.Selectors.Select(Service);
        return SendAsync(
            services.SelectMany(s =>
                Enumerable
                    .Range(1, (int)s.Revision)
                    .Select(n => new V1.ServiceRevision
                    {
                        ServiceId = s.Id,
                        ServiceName = s.Spec.Name,
                        Number = (ulong)n,
                        Current = n == (int)s.Revision,
                        Spec = s.Spec,
                        Changes = { "Container.Image: redis:3.0.6 -> redis:3.0.7" },
                    })
            ),
            responseStream
        );
    }

    public override async AsyncTask WaitServices(
        V1.WaitServicesRequest request,
        IServerStreamWriter<V1.ServiceProgress> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        foreach (var step in Progress)
        {
            if (step is null)
            {
                await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
            }
            await responseStream.WriteAsync(step!);
        }
    }

    public override AsyncTask ListTasks(V1.ListTasksRequest request, IServerStreamWriter<V1.Task> responseStream, ServerCallContext context)
    {
        Note(request);
        var services = request.Services.Select(s => Service(s).Id).ToHashSet();
        var nodes = request.Nodes.Select(n => Node(n).Id).ToHashSet();
        var found = Tasks.Where(t =>
            (services.Count == 0 || services.Contains(t.ServiceId))
            && (nodes.Count == 0 || nodes.Contains(t.NodeId))
            && (!request.DesiredRunning || t.DesiredState <= V1.TaskState.Running)
            && (request.Selectors.Count == 0 || request.Selectors.Contains(t.Id) || request.Selectors.Contains(t.Name))
        );
        return request.Selectors.Count > 0 && !found.Any()
            ? throw Refuse(StatusCode.NotFound, "TaskNotFound", $"Task '{request.Selectors[0]}' does not exist.", request.Selectors[0])
            : SendAsync(found, responseStream);
    }

    public override Task<V1.StopTaskResponse> StopTask(V1.StopTaskRequest request, ServerCallContext context)
    {
        Note(request);
        var task =
            Tasks.FirstOrDefault(t => t.Id == request.Selector || t.Name == request.Selector)
            ?? throw Refuse(StatusCode.NotFound, "TaskNotFound", $"Task '{request.Selector}' does not exist.", request.Selector);
        return AsyncTask.FromResult(new V1.StopTaskResponse { Task = task, Preview = request.DryRun ? Preview("stop") : null });
    }

    public override AsyncTask TestPlacement(
        V1.TestPlacementRequest request,
        IServerStreamWriter<V1.NodePlacement> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        return SendAsync(
            Nodes.Select(n => new V1.NodePlacement
            {
                NodeId = n.Id,
                NodeName = n.Name,
                Suitable = n.Name != "worker2",
                Filter = n.Name == "worker2" ? "constraints" : "",
            }),
            responseStream
        );
    }

    public override AsyncTask WaitNode(
        V1.WaitNodeRequest request,
        IServerStreamWriter<V1.NodeProgress> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        DuringNodeWait?.Invoke(Node(request.Selector));
        return SendAsync(
            [
                new V1.NodeProgress { NodeId = request.Selector, TasksLeft = 2 },
                new V1.NodeProgress { NodeId = request.Selector, Done = true },
            ],
            responseStream
        );
    }

    public override async AsyncTask WatchEvents(
        V1.WatchEventsRequest request,
        IServerStreamWriter<V1.Event> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        await responseStream.WriteAsync(
            new V1.Event
            {
                Kind = "task",
                Action = "update",
                Name = "web.1",
                Detail = "state: Starting -> Running",
                Time = Timestamp.FromDateTime(DateTime.UtcNow),
            }
        );
        await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
    }
}
