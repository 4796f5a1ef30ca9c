using Google.Protobuf.WellKnownTypes;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>Tasks whose errors would be as long as their arguments. The node must get in again with all of them, and be told to remove them.</summary>
[Collection(ProcessTests.Name)]
public sealed class LargeRegistrationTests
{
    private const int Services = 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_with_twelve_errors_of_half_a_megabyte_registers_again_and_gets_rid_of_them()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Process", workers: 1);
        var worker = swarm.Workers[0];
        for (var i = 0; i < Services; i++)
        {
            await swarm.Control.Services.CreateServiceAsync(
                new V1.CreateServiceRequest
                {
                    NoResolveImage = true,
                    Spec = new V1.ServiceSpec
                    {
                        Name = $"large{i}",
                        Container = new V1.ContainerSpec
                        {
                            Image = "alpine",
                            Command = { "true" },
                            Dir = "/" + new string('x', 480_000),
                        },
                        Placement = new V1.Placement { Constraints = { $"node.hostname=={worker.Name}" } },
                        RestartPolicy = new V1.RestartPolicy { Condition = V1.RestartCondition.None, Delay = new Duration() },
                        Replicated = new V1.ReplicatedMode { Replicas = 1 },
                    },
                },
                cancellationToken: Cancel
            );
        }
        for (var i = 0; i < Services; i++)
        {
            var failed = await swarm.TasksAsync(
                $"large{i}",
                static tasks => tasks is [{ Status.State: V1.TaskState.Rejected or V1.TaskState.Failed }]
            );
            Assert.InRange(failed[0].Status.Error.Length, 1, 16 * 1024);
        }
        Assert.Equal(0, await worker.TerminateAsync());
        await swarm.NodeAsync(worker, static n => n.State != V1.NodeState.Ready);
        await worker.StartAsync();
        await swarm.NodeAsync(worker, static n => n.State == V1.NodeState.Ready);
        var running = await swarm.RunAsync("after", 1, $"node.hostname=={worker.Name}");
        Assert.Equal(worker.Name, running[0].NodeName);
        for (var i = 0; i < Services; i++)
        {
            await swarm.Control.Services.RemoveServiceAsync(
                new V1.RemoveServiceRequest { Selector = $"large{i}" },
                cancellationToken: Cancel
            );
        }
        // The node has been told to remove them, and has done it.
        await Eventually.BeTrueAsync(
            () => Directory.GetDirectories(Path.Combine(worker.StateDirectory, "processes")).Length == 1,
            "one task's directory is left on the worker",
            worker.Log
        );
    }
}
