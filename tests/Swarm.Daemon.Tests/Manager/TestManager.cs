using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Manager;

namespace Swarm.Daemon.Tests.Manager;

/// <summary>A manager over a log in memory, with a cluster and this node in it.</summary>
internal sealed class TestManager : IAsyncDisposable
{
    public const string Self = "manager1node";

    private TestManager(ManagerRuntime runtime, InMemoryLog log) => (Runtime, Log) = (runtime, log);

    public ManagerRuntime Runtime { get; }
    public InMemoryLog Log { get; }

    /// <summary>Digests by image; any other image has none.</summary>
    public static Dictionary<string, string> Digests { get; } = new() { ["pinned:1"] = "sha256:" + new string('a', 64) };

    /// <summary>The platforms of the images with a digest.</summary>
    public static ValueList<string> Platforms { get; } = ["linux/amd64"];

    /// <summary>The registry's errors for images that it does not show.</summary>
    public static Dictionary<string, ImageNotResolvedException> Refusals { get; } =
        new()
        {
            ["private:1"] = new("no basic auth credentials", needsCredential: true),
            ["unknown:1"] = new("manifest unknown", needsCredential: false),
        };

    public static async Task<TestManager> StartAsync(TimeSpan? heartbeat = null)
    {
        InMemoryLog? log = null;
        var now = DateTimeOffset.UtcNow;
        var cluster = new Cluster
        {
            Id = "cluster1",
            CreatedAt = now,
            UpdatedAt = now,
            RootCertificate = [1],
            RootKey = [2],
            WorkerJoinSecret = "w",
            ManagerJoinSecret = "m",
            Settings = new ClusterSettings { HeartbeatPeriod = heartbeat ?? TimeSpan.FromSeconds(30) },
        };
        var runtime = await ManagerRuntime.StartAsync(
            new ManagerRuntimeOptions
            {
                NodeId = Self,
                ClusterAddress = "127.0.0.1:2377",
                CreateLog = port => log = new InMemoryLog(port),
                ResolveImage = (image, _, _) =>
                    Refusals.GetValueOrDefault(image) is { } refused
                        ? Task.FromException<ResolvedImage?>(refused)
                        : Task.FromResult(Digests.TryGetValue(image, out var digest) ? new ResolvedImage(digest, Platforms) : null),
                LoggerFactory = NullLoggerFactory.Instance,
                LeaderWait = TimeSpan.FromMilliseconds(200),
                Bootstrap = [new StateChange.ClusterSet(cluster), new StateChange.NodeCreate(NewNode(Self, NodeRole.Manager))],
            },
            TestContext.Current.CancellationToken
        );
        return new TestManager(runtime, log!);
    }

    public static Node NewNode(string id, NodeRole role = NodeRole.Worker) =>
        new()
        {
            Id = id,
            CreatedAt = DateTimeOffset.UtcNow,
            UpdatedAt = DateTimeOffset.UtcNow,
            Role = role,
        };

    public Task AddNodeAsync(string id, NodeState state = NodeState.Unknown, string hostname = "") =>
        Runtime.ExecuteAsync(
            "",
            _ => new CommandChanges(
                [
                    new StateChange.NodeCreate(
                        NewNode(id) with
                        {
                            Description = new NodeDescription
                            {
                                Hostname = hostname,
                                Resources = new ResourceAmount(4_000_000_000, 8L << 30),
                            },
                            Status = new NodeStatus { State = state },
                        }
                    ),
                ],
                id
            ),
            static (_, _) => true,
            TestContext.Current.CancellationToken
        );

    /// <summary>Waits until the applied state is as wanted.</summary>
    /// <param name="condition">The end of the wait.</param>
    /// <param name="what">Its name: by default, as it is written.</param>
    public async Task UntilAsync(Func<ClusterState, bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var signal = Runtime.State.Watch(static _ => true);
        while (!Runtime.State.Read(condition))
        {
            await Deadline.WaitAsync(signal.WaitAsync(TestContext.Current.CancellationToken), $"a change of the state, until {what}");
        }
    }

    public ValueTask DisposeAsync() => Runtime.DisposeAsync();
}
