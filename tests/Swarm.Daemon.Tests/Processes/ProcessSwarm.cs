using System.Diagnostics.CodeAnalysis;
using Docker.DotNet;
using Docker.DotNet.Models;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Agent.Executors.Docker;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>A swarm of real swarmd processes, with real tasks.</summary>
internal sealed class ProcessSwarm : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-p-").FullName;
    private readonly string _executor;
    private readonly DockerEngine? _engine;
    private string _clusterId = "";

    private ProcessSwarm(string executor, int workers, DockerEngine? engine)
    {
        _executor = executor;
        _engine = engine;
        Manager = new SwarmdNode(_directory, "manager1", executor);
        Workers = [.. Enumerable.Range(1, workers).Select(i => new SwarmdNode(_directory, $"worker{i}", executor))];
        if (engine is not null)
        {
            foreach (var node in Workers.Append(Manager))
            {
                node.Arguments.AddRange(["--docker-host", engine.Endpoint.ToString()]);
            }
        }
    }

    public SwarmdNode Manager { get; }
    public IReadOnlyList<SwarmdNode> Workers { get; }
    public V1.ControlClient Control => Manager.Control;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="executor">Process or Docker; without an engine the test is skipped.</param>
    /// <param name="workers">The number of workers, beside the only manager.</param>
    /// <param name="heartbeat">A crashed node is Down after one and a half of it; null: this product's default of 1 s.</param>
    /// <param name="engine">The engine of the Docker executor; null: the machine's.</param>
    /// <param name="arguments">Further arguments of every swarmd.</param>
    public static async Task<ProcessSwarm> StartAsync(
        string executor,
        int workers,
        TimeSpan? heartbeat = null,
        DockerEngine? engine = null,
        string[]? arguments = null
    )
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals and /proc: Linux only.");
        if (executor == "Docker" && engine is null)
        {
            await RequireEngineAsync();
        }
        var swarm = new ProcessSwarm(executor, workers, engine);
        foreach (var node in swarm.Workers.Append(swarm.Manager))
        {
            node.Arguments.AddRange(arguments ?? []);
        }
        try
        {
            await Task.WhenAll(swarm.Workers.Append(swarm.Manager).Select(n => n.StartAsync()));
            var made = await swarm.Control.Membership.InitSwarmAsync(
                new V1.InitSwarmRequest
                {
                    Settings = new V1.ClusterSettings { HeartbeatPeriod = Duration.FromTimeSpan(heartbeat ?? TimeSpan.FromSeconds(1)) },
                },
                cancellationToken: Cancel
            );
            swarm._clusterId = made.ClusterId;
            foreach (var worker in swarm.Workers)
            {
                await swarm.JoinAsync(worker);
            }
            await swarm.NodeAsync(swarm.Manager, static n => n.State == V1.NodeState.Ready);
            return swarm;
        }
        catch
        {
            await swarm.DisposeAsync();
            throw;
        }
    }

    /// <summary>The node becomes a worker, and is Ready.</summary>
    public async Task JoinAsync(SwarmdNode worker)
    {
        var tokens = await Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel);
        var request = new V1.JoinSwarmRequest { Token = tokens.Worker, RemoteAddresses = { Manager.Address } };
        // On a busy machine a manager may take longer to answer than a join waits; then the test joins again, as a user would.
        await Eventually.GetAsync(
            () => worker.Control.Membership.JoinSwarmAsync(request, cancellationToken: Cancel).ResponseAsync,
            static _ => true,
            $"{worker.Name} joins",
            Logs
        );
        await NodeAsync(worker, static n => n.State == V1.NodeState.Ready);
    }

    /// <summary>A folder that is deleted with this swarm.</summary>
    public string Combine(string name) => Path.Combine(_directory, name);

    /// <summary>Waits until the manager shows the node as wanted, and returns it.</summary>
    public Task<V1.Node> NodeAsync(SwarmdNode node, Func<V1.Node, bool> wanted) =>
        Eventually.GetAsync(
            async () => (await ListAsync(Control.Nodes.ListNodes(new() { Selectors = { node.Name } }, cancellationToken: Cancel))).Single(),
            wanted,
            $"{node.Name} as wanted",
            Logs
        );

    public Task<V1.Node> NodeAsync(SwarmdNode node) => NodeAsync(node, static _ => true);

    /// <summary>Creates a service of a program that runs until it is stopped, and returns its tasks once they all run.</summary>
    public async Task<IReadOnlyList<RunningTask>> RunAsync(string name, int tasks, string constraint, bool global = false)
    {
        var spec = new V1.ServiceSpec
        {
            Name = name,
            Container = new V1.ContainerSpec
            {
                Image = "alpine",
                Command = { "sleep", "100000" },
                // As the first process of a container it ignores SIGTERM, and an engine would take ten seconds to stop it.
                StopSignal = "KILL",
                StopGracePeriod = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100)),
            },
            Placement = new V1.Placement { Constraints = { constraint } },
            RestartPolicy = new V1.RestartPolicy { Delay = new Duration() },
        };
        if (global)
        {
            spec.Global = new V1.GlobalMode();
        }
        else
        {
            spec.Replicated = new V1.ReplicatedMode { Replicas = (ulong)tasks };
        }
        await Control.Services.CreateServiceAsync(new() { Spec = spec, NoResolveImage = true }, cancellationToken: Cancel);
        var running = await TasksAsync(name, t => t.Count(IsRunning) == tasks);
        return [.. running.Select(RunningTask.Of).OrderBy(t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>Waits until the tasks of a service, history included, are as wanted, and returns them.</summary>
    public Task<List<V1.Task>> TasksAsync(string service, Func<List<V1.Task>, bool> wanted) =>
        Eventually.GetAsync(
            () => ListAsync(Control.Tasks.ListTasks(new() { Services = { service } }, cancellationToken: Cancel)),
            wanted,
            $"tasks of {service} as wanted",
            Logs
        );

    public static bool IsRunning(V1.Task task) => task is { DesiredState: V1.TaskState.Running, Status.State: V1.TaskState.Running };

    /// <summary>The service has exactly these tasks and never had others; each still runs as the same process.</summary>
    public async Task AssertKeptAsync(string service, IReadOnlyList<RunningTask> before)
    {
        var now = await TasksAsync(service, static _ => true);
        Assert.Equal(before.Select(t => t.Id).Order(StringComparer.Ordinal), now.Select(t => t.Id).Order(StringComparer.Ordinal));
        Assert.All(now, t => Assert.True(IsRunning(t), t.ToString()));
        Assert.Equal(before.ToDictionary(t => t.Id, t => (long)t.Pid), now.ToDictionary(t => t.Id, t => t.Status.Pid));
        Assert.All(before, t => Assert.True(t.IsAlive, $"{t} is gone"));
    }

    [SuppressMessage("Design", "CA1031", Justification = "What is left over is removed as far as possible; the test has its own result.")]
    public async ValueTask DisposeAsync()
    {
        foreach (var node in Workers.Append(Manager))
        {
            await node.DisposeAsync();
        }
        if (_executor == "Docker" && _engine is null && _clusterId.Length > 0)
        {
            await RemoveContainersAsync();
        }
        for (var attempt = 0; Directory.Exists(_directory); attempt++)
        {
            try
            {
                Directory.Delete(_directory, recursive: true);
            }
            catch (IOException) when (attempt < 100)
            {
                // A supervisor that was just killed may still write.
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private string Logs() => string.Join("\n\n", Workers.Append(Manager).Select(n => $"--- {n.Name}\n{n.Log()}"));

    private static async Task<List<T>> ListAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using (call)
        {
            var all = new List<T>();
            await foreach (var item in Deadline.EachAsync(call.ResponseStream.ReadAllAsync(Cancel), $"the next {typeof(T).Name} of a list"))
            {
                all.Add(item);
            }
            return all;
        }
    }

    private static async Task RequireEngineAsync()
    {
        using var client = new DockerClientBuilder().Build();
        try
        {
            await client.System.PingAsync(Cancel);
        }
        catch (Exception e) when (EngineErrors.IsAway(e, Cancel))
        {
            Assert.Skip("No container engine: " + e.Message);
        }
    }

    private async Task RemoveContainersAsync()
    {
        using var client = new DockerClientBuilder().Build();
        var left = await client.Containers.ListContainersAsync(
            new ContainersListParameters
            {
                All = true,
                Filters = new Dictionary<string, IDictionary<string, bool>>
                {
                    ["label"] = new Dictionary<string, bool> { [$"{DockerLabels.ClusterId}={_clusterId}"] = true },
                },
            },
            CancellationToken.None
        );
        foreach (var container in left)
        {
            await client.Containers.RemoveContainerAsync(
                container.ID,
                new ContainerRemoveParameters { Force = true, RemoveVolumes = true },
                CancellationToken.None
            );
        }
    }
}
