using System.Diagnostics;
using Grpc.Core;
using Swarm.Protocol.V1;
using Task = System.Threading.Tasks.Task;

namespace Swarm.Benchmarks.Daemons;

/// <summary>A manager that is also the only node: many simulated tasks start, and swarmd is started again with them.</summary>
/// <param name="Services">The number of services.</param>
/// <param name="Replicas">Of each.</param>
internal sealed record ScaleRun(int Services, int Replicas)
{
    private static readonly TimeSpan GiveUp = TimeSpan.FromMinutes(5);

    /// <summary>From the call that creates the services until all tasks run; null: not within five minutes.</summary>
    public TimeSpan? Started { get; private set; }

    /// <summary>From the start of the process until the node is Ready and all tasks run; null: not within five minutes.</summary>
    public TimeSpan? Again { get; private set; }

    /// <summary>Tasks beyond the wanted ones, and those that a restart has replaced.</summary>
    public int Replaced { get; private set; }

    /// <summary>How often the node became Down, or its session broke.</summary>
    public int Losses { get; private set; }

    /// <summary>Resident memory in bytes when all tasks ran.</summary>
    public long Memory { get; private set; }

    public int Tasks => Services * Replicas;

    public ScaleRun Measure(string program, TimeSpan syncDelay)
    {
        var root = Path.Combine(Path.GetTempPath(), "swarm-bench-" + Guid.NewGuid().ToString("N")[..8]);
        using var daemon = new DaemonUnderTest(program, root, DaemonRun.FreeAddress(), "Simulated") { SyncDelay = syncDelay };
        daemon.Start();
        daemon.Client.Membership.InitSwarm(new InitSwarmRequest { RequestId = "init" });
        WaitReady(daemon, Stopwatch.GetTimestamp());
        string[] names = [.. Enumerable.Range(1, Services).Select(static i => $"service{i}")];
        var started = Stopwatch.GetTimestamp();
        Task.WaitAll(names.Select(name => CreateAsync(daemon, name)));
        Started = WaitConverged(daemon, names, started);
        Memory = daemon.Memory().Resident;
        var before = TaskIds(daemon);
        Replaced = before.Count - Tasks;

        daemon.Stop();
        started = Stopwatch.GetTimestamp();
        daemon.Start();
        WaitReady(daemon, started);
        Again = WaitConverged(daemon, names, started);
        Replaced += TaskIds(daemon).Except(before).Count();
        Losses = Count(daemon.LogText(), " is down:") + Count(daemon.LogText(), "The session of node");
        daemon.Stop();
        return this;
    }

    private async Task CreateAsync(DaemonUnderTest daemon, string name) =>
        await daemon.Client.Services.CreateServiceAsync(
            new CreateServiceRequest
            {
                RequestId = name,
                NoResolveImage = true,
                Spec = new ServiceSpec
                {
                    Name = name,
                    Container = new ContainerSpec { Image = "alpine" },
                    Replicated = new ReplicatedMode { Replicas = (ulong)Replicas },
                },
            }
        );

    private static void WaitReady(DaemonUnderTest daemon, long started)
    {
        while (Stopwatch.GetElapsedTime(started) < GiveUp)
        {
            try
            {
                using var nodes = daemon.Client.Nodes.ListNodes(new ListNodesRequest());
                if (
                    nodes.ResponseStream.MoveNext(CancellationToken.None).Result
                    && nodes.ResponseStream.Current is { State: NodeState.Ready, StateMessage: "" }
                )
                {
                    return;
                }
            }
            catch (Exception e) when (e is RpcException or AggregateException)
            {
                // No leader yet.
            }
            Thread.Sleep(TimeSpan.FromMilliseconds(5));
        }
        throw new InvalidOperationException($"The node did not become Ready; log: {daemon.LogText()}");
    }

    private static TimeSpan? WaitConverged(DaemonUnderTest daemon, string[] names, long started)
    {
        using var limit = new CancellationTokenSource(GiveUp);
        try
        {
            using var wait = daemon.Client.Services.WaitServices(
                new WaitServicesRequest { Selectors = { names } },
                cancellationToken: limit.Token
            );
            while (wait.ResponseStream.MoveNext(limit.Token).Result)
            {
                // Until the last of them has converged.
            }
            return Stopwatch.GetElapsedTime(started);
        }
        catch (Exception e) when (limit.IsCancellationRequested && e is RpcException or AggregateException or OperationCanceledException)
        {
            return null;
        }
    }

    private static HashSet<string> TaskIds(DaemonUnderTest daemon)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        using var tasks = daemon.Client.Tasks.ListTasks(new ListTasksRequest());
        while (tasks.ResponseStream.MoveNext(CancellationToken.None).Result)
        {
            ids.Add(tasks.ResponseStream.Current.Id);
        }
        return ids;
    }

    private static int Count(string text, string what) => text.Split(what).Length - 1;
}
