using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>The control API in memory, with just enough behaviour to test the module's calls and its use of the answers. The areas
/// (<see cref="FakeNodes"/> and the others) share it.</summary>
internal sealed class FakeControl
{
    private ulong _version = 10;

    /// <summary>Held while what the fake has changes or is copied.</summary>
    public Lock Gate { get; } = new();

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

    /// <summary>Two of alice and one of bob, whose time is over.</summary>
    public List<V1.Credential> Credentials { get; } =
    [
        MakeCredential("alice", "4A01", TimeSpan.FromDays(300)),
        MakeCredential("alice", "4A02", TimeSpan.FromDays(360)),
        MakeCredential("bob", "4B01", TimeSpan.FromDays(-1)),
    ];

    /// <summary>The warnings of a manager to a node that joins.</summary>
    public List<string> JoinWarnings { get; } = [];

    /// <summary>The answers of waits, until the stream ends; null waits until it is cancelled.</summary>
    public List<V1.ServiceProgress?> Progress { get; } = [];

    /// <summary>Runs before each update is applied: another writer.</summary>
    public Action<V1.Service>? BeforeUpdate { get; set; }

    /// <summary>The counts at the end of the previews of ScaleServices.</summary>
    public List<V1.PreviewCount> UnlistedActions { get; } = [];
    public RpcException? Refusal { get; set; }

    /// <summary>The answer to a request that is refused; null answers it.</summary>
    public Func<IMessage, RpcException?>? RefusalOf { get; set; }

    /// <summary>Empty when the swarm has no autolock.</summary>
    public string UnlockKey { get; set; } = "SWMKEY-1-abc";

    /// <summary>Each is the answer to one call.</summary>
    public Queue<RpcException> NextRefusals { get; } = new();

    /// <summary>Breaks the connection once, after the services have been scaled.</summary>
    public bool BreaksAfterScale { get; set; }

    /// <summary>Changes a node during a wait for it.</summary>
    public Action<V1.Node>? DuringNodeWait { get; set; }

    /// <summary>Changes a stopped task during a wait for it.</summary>
    public Action<V1.Task>? DuringTaskWait { get; set; }

    /// <summary>The wait for a stopped task ends with a replacement that has failed for good.</summary>
    public bool ReplacementFails { get; set; }

    /// <summary>The id of a task whose wait breaks off, as when the daemon goes away.</summary>
    public string? BreaksWaitOf { get; set; }

    /// <summary>Waits for nodes and tasks report one step and last until they are cancelled.</summary>
    public bool WaitsNeverEnd { get; set; }

    /// <summary>Why waits for nodes and tasks are not done, in their first step.</summary>
    public string WaitReason { get; set; } = "";

    /// <summary>Lists of tasks are sent and last until they are cancelled.</summary>
    public bool TaskListsNeverEnd { get; set; }

    /// <summary>Completes when a wait has reported its steps and lasts.</summary>
    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public int TaskHistoryLimit { get; set; } = 5;

    public X509Certificate2 Root { get; } = MakeRoot();

    private static V1.Credential MakeCredential(string name, string serial, TimeSpan left) =>
        new()
        {
            Name = name,
            SerialNumber = serial,
            IssuedAt = Timestamp.FromDateTime(DateTime.UtcNow + left - TimeSpan.FromDays(365)),
            ExpiresAt = Timestamp.FromDateTime(DateTime.UtcNow + left),
        };

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
        lock (Gate)
        {
            return Requests.OfType<T>().Last();
        }
    }

    public T[] All<T>()
    {
        lock (Gate)
        {
            return [.. Requests.OfType<T>()];
        }
    }

    public int Count<T>()
    {
        lock (Gate)
        {
            return Requests.OfType<T>().Count();
        }
    }

    public V1.Service AddService(string name, ulong replicas = 1, string image = "redis:3.0.6@sha256:1111")
    {
        var service = new V1.Service
        {
            Id = $"{name}id{Services.Count}",
            Version = NextVersion(),
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

    public void Place(V1.Service service)
    {
        Tasks.RemoveAll(t => t.ServiceId == service.Id);
        service.DesiredTasks = service.RunningTasks = service.Spec.Replicated?.Replicas ?? (ulong)Nodes.Count;
        for (ulong slot = 1; slot <= service.DesiredTasks; slot++)
        {
            AddTask(service, slot, V1.TaskState.Running, V1.TaskState.Running, 4, service.Spec.Container.Image);
        }
    }

    public void Note(IMessage request)
    {
        lock (Gate)
        {
            Requests.Add(request);
            if (NextRefusals.TryDequeue(out var next))
            {
                throw next;
            }
        }
        if ((Refusal ?? RefusalOf?.Invoke(request)) is { } refusal)
        {
            throw refusal;
        }
    }

    public V1.Service Service(string selector) =>
        Services.FirstOrDefault(s => s.Id == selector || s.Spec.Name == selector)
        ?? throw Refuse(
            StatusCode.NotFound,
            "ServiceNotFound",
            $"Service '{selector}' does not exist.",
            selector,
            "Look at Get-SwarmService."
        );

    public V1.Node Node(string selector) =>
        Nodes.FirstOrDefault(n => n.Id == selector || n.Name == selector)
        ?? throw Refuse(StatusCode.NotFound, "NodeNotFound", $"Node '{selector}' does not exist.", selector);

    public static async AsyncTask SendAsync<T>(IEnumerable<T> items, IServerStreamWriter<T> stream)
    {
        foreach (var item in items.ToList())
        {
            await stream.WriteAsync(item);
        }
    }

    public static V1.Preview Preview(string action) =>
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

    public ulong NextVersion() => ++_version;

    /// <summary>The report of every node that listens.</summary>
    public V1.ListenReport Listening { get; set; } = new() { Arrived = { 7946, 4789 } };

    /// <summary>Nodes whose swarmd is not connected.</summary>
    public HashSet<string> Disconnected { get; } = [];

    /// <summary>Each host command waits for it before the answer.</summary>
    public Func<V1.RunHostCommandRequest, CancellationToken, AsyncTask> DuringHostCommand { get; set; } =
        static (_, _) => AsyncTask.CompletedTask;

    public List<V1.Network> Networks { get; } = [];

    // A copy, so that no other call changes the message while it is sent.
    public V1.Node Copy(V1.Node node)
    {
        lock (Gate)
        {
            return node.Clone();
        }
    }

    public async AsyncTask WaitIfToldAsync(ServerCallContext context)
    {
        if (WaitsNeverEnd)
        {
            Waiting.TrySetResult();
            await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
        }
    }
}
