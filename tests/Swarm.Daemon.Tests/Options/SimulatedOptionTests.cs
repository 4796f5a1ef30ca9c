using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Simulated;

namespace Swarm.Daemon.Tests.Options;

/// <summary>The simulated executor says that it takes every option.</summary>
public sealed class SimulatedOptionTests
{
    [Fact]
    public async Task Every_option_is_taken()
    {
        var node = new ExecutorNode
        {
            ClusterId = "cluster",
            NodeId = "node",
            Hostname = "host",
        };
        var host = new SimulatedHost(TimeProvider.System, _ => new SimulatedBehaviour());
        await using var executor = new SimulatedExecutor(node, host);
        foreach (var (path, spec) in SpecValues.EachChanged(SpecValues.Full))
        {
            var task = Executors.TaskDefinitions.Make(spec.Container) with { Spec = spec };
            var container = await executor.PrepareAsync(task, TestContext.Current.CancellationToken);
            Assert.True(host.TaskIds.Contains(task.TaskId) && container.Length > 0, path);
        }
    }
}
