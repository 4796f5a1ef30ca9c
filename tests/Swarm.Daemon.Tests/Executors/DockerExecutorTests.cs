using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Docker;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.Processes;

namespace Swarm.Daemon.Tests.Executors;

public class DockerExecutorTests : ExecutorContract
{
    private readonly string _cluster = TaskDefinitions.NewId();

    /// <summary>Null: the engine of this machine.</summary>
    protected virtual Uri? Endpoint => null;

    protected override string Image => "alpine:latest";
    protected override string MissingImage => "localhost:1/nosuch:9";
    protected override string MissingReason => @" \(.*localhost:1.*refused.*\)";
    protected override ValueList<string> RunsForever => ["sleep", "1000"];
    protected override ValueList<string> IgnoresStopSignal => ["sh", "-c", "trap '' TERM; : >/ready; while :; do sleep 1; done"];
    protected override HealthCheck Healthy => Check("true");
    protected override HealthCheck Unhealthy => Check("false");

    public override async ValueTask InitializeAsync()
    {
        await using var executor = Open("node1");
        try
        {
            await executor.DescribeAsync(Cancel);
        }
        catch (ExecutorUnavailableException e)
        {
            Assert.Skip("No container engine: " + e.Message);
        }
    }

    protected override ValueList<string> ExitsWith(int code) => ["sh", "-c", $"exit {code}"];

    protected override ValueList<string> ExitsOnSignal(string signal, int code) =>
        ["sh", "-c", $"trap 'exit {code}' {signal}; : >/ready; while :; do sleep 0.1; done"];

    protected override ValueList<string> Shell(string line) => ["sh", "-c", line];

    protected override async Task ReadyForSignalsAsync(ITaskExecutor executor, TaskDefinition task)
    {
        using var client = EngineConnection.Builder(Endpoint).Build();
        var id = (await executor.ListAsync(Cancel)).Single(t => t.TaskId == task.TaskId).Status.ContainerId;
        await Eventually.GetAsync(
            async () => await client.Containers.InspectChangesAsync(id, Cancel) ?? [],
            static changes => changes.Any(static change => change.Path == "/ready"),
            "the task traps its signals"
        );
    }

    /// <summary>containerd 1.6 looks for the mount of every cgroup v1 controller that the kernel lists for a process. It gives its watch
    /// for want of memory up
    /// when one is not mounted where containerd runs ("cannot find cgroup mount destination" in its log). Mounting it in any other
    /// namespace causes that.</summary>
    protected override void RequireOutOfMemoryEvents()
    {
        if (!File.Exists("/proc/self/cgroup"))
        {
            return;
        }
        var mounted = File.ReadLines("/proc/self/mounts")
            .Select(static l => l.Split(' '))
            .Where(static f => f[2] == "cgroup")
            .SelectMany(static f => f[3].Split(','))
            .ToHashSet(StringComparer.Ordinal);
        var missing = File.ReadLines("/proc/self/cgroup")
            .Select(static l => l.Split(':')[1])
            .Where(static c => c.Length > 0)
            .SelectMany(static c => c.Split(','))
            .Where(c => !mounted.Contains(c))
            .ToList();
        Assert.SkipUnless(
            missing.Count == 0,
            $"The engine cannot watch for want of memory: {string.Join(", ", missing)} not in /sys/fs/cgroup."
        );
    }

    [Theory]
    [InlineData(0, ExitMessages.NeverHealthy)]
    [InlineData(3, "task: non-zero exit (3)")]
    public async Task What_ends_before_the_check_of_its_image_succeeds_never_ran(int code, string error)
    {
        RequireCommittedChecks();
        using var client = EngineConnection.Builder(Endpoint).Build();
        var executor = OpenExecutor();
        var tag = "swarm-test-" + TaskDefinitions.NewId();
        var plain = Define(Container(RunsForever));
        await executor.PrepareAsync(plain, Cancel);
        var from = (await executor.ListAsync(Cancel)).Single(t => t.TaskId == plain.TaskId).Status.ContainerId;
        await client.Images.CommitContainerChangesAsync(
            new global::Docker.DotNet.Models.CommitContainerChangesParameters
            {
                ContainerID = from,
                RepositoryName = tag,
                Tag = "1",
                Changes = ["HEALTHCHECK --interval=100s CMD false"],
            },
            Cancel
        );
        try
        {
            var task = Define(new ContainerSpec { Image = tag + ":1", Command = ExitsWith(code) });
            await executor.PrepareAsync(task, Cancel);
            await executor.StartAsync(task, Cancel);
            var failure = await Assert.ThrowsAsync<TaskFailedException>(() => executor.WaitHealthyAsync(task, Cancel));
            Assert.Equal((error, code), (failure.Message, failure.ExitCode));
            await executor.RemoveAsync(task.TaskId, Cancel);

            // Without a health check, an ended container has run.
            var without = Define(Container(ExitsWith(code)));
            await StartAsync(executor, without);
            Assert.Equal(code, (await executor.WaitExitAsync(without, Cancel)).ExitCode);
        }
        finally
        {
            await client.Images.DeleteImageAsync(tag + ":1", new() { Force = true }, CancellationToken.None);
        }
    }

    /// <summary>Skips where the engine makes no image with a health check of a container.</summary>
    protected virtual void RequireCommittedChecks() { }

    protected override ITaskExecutor Open() => Open("node1");

    protected override ITaskExecutor OpenOtherNode() => Open("node2");

    private static HealthCheck Check(string line) =>
        new()
        {
            Test = ["CMD-SHELL", line],
            Interval = TimeSpan.FromMilliseconds(200),
            Timeout = TimeSpan.FromSeconds(5),
            Retries = 2,
        };

    private DockerExecutor Open(string node) =>
        new(
            new DockerExecutorOptions
            {
                Node = new ExecutorNode
                {
                    ClusterId = _cluster,
                    NodeId = node,
                    Hostname = "contract-host",
                    Labels = ValueMap.Empty.With("storage", "ssd"),
                },
                Endpoint = Endpoint,
            }
        );
}
