using System.Globalization;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Simulated;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.Executors;

public sealed class SimulatedExecutorTests : ExecutorContract
{
    private readonly SimulatedHost _host = new(TimeProvider.System, Behave);

    protected override string Image => "simulated:1";
    protected override string MissingImage => "nosuch:1";
    protected override ValueList<string> RunsForever => ["run"];
    protected override ValueList<string> IgnoresStopSignal => ["ignore"];
    protected override HealthCheck Healthy => new() { Test = ["CMD", "ok"] };
    protected override HealthCheck Unhealthy => new() { Test = ["CMD", "fail"] };

    protected override ValueList<string> ExitsWith(int code) => ["exit", code.ToString(CultureInfo.InvariantCulture)];

    protected override ValueList<string> ExitsOnSignal(string signal, int code) => ["trap", code.ToString(CultureInfo.InvariantCulture)];

    protected override ValueList<string> Shell(string line)
    {
        Assert.Skip("The simulated executor runs no programs.");
        return [];
    }

    protected override ITaskExecutor Open() => new SimulatedExecutor(Node("node1"), _host);

    protected override ITaskExecutor OpenOtherNode() =>
        new SimulatedExecutor(Node("node2"), new SimulatedHost(TimeProvider.System, Behave));

    private static ExecutorNode Node(string id) =>
        new()
        {
            ClusterId = "cluster",
            NodeId = id,
            Hostname = "contract-host",
            Labels = ValueMap.Empty.With("storage", "ssd"),
        };

    private static SimulatedBehaviour Behave(TaskDefinition task)
    {
        var container = task.Spec.Container;
        var code = container.Command.Count > 1 ? int.Parse(container.Command[1], CultureInfo.InvariantCulture) : 0;
        var unhealthy = container.HealthCheck is { } check && check.Test[1] == "fail";
        return new SimulatedBehaviour
        {
            Rejection = container.Image == "nosuch:1" ? new TaskRejectedException("NoSuchImage", "No such image: nosuch:1") : null,
            RunTime = container.Command[0] == "exit" ? TimeSpan.Zero : null,
            ExitCode = code,
            StopExitCode = code,
            IgnoresStopSignal = container.Command[0] == "ignore",
            HealthyAfter = unhealthy ? null : TimeSpan.Zero,
            UnhealthyAfter = unhealthy ? TimeSpan.Zero : null,
        };
    }
}
