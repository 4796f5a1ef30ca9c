using Swarm.Core.Model;
using Swarm.Daemon.Executors;
using Swarm.Daemon.Executors.Docker;

namespace Swarm.Daemon.Tests.Executors;

public sealed class DockerExecutorTests : ExecutorContract
{
    private readonly string _cluster = TaskDefinitions.NewId();

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
        using var client = new global::Docker.DotNet.DockerClientBuilder().Build();
        var id = (await executor.ListAsync(Cancel)).Single(t => t.TaskId == task.TaskId).Status.ContainerId;
        while (!(await client.Containers.InspectChangesAsync(id, Cancel) ?? []).Any(change => change.Path == "/ready"))
        {
            await Task.Delay(20, Cancel);
        }
    }

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
            }
        );
}
