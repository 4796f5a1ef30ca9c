using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Scheduling;
using Swarm.Core.Validation;

namespace Swarm.Core.Tests.Scheduling;

/// <summary>A task does not go to a node whose executor would refuse it, and a service that no node takes is refused.</summary>
public sealed class ExecutorOptionTests
{
    private readonly SwarmFixture _swarm = new();

    private static ServiceSpec WithMount(string name = "web", params string[] constraints) =>
        SwarmFixture.Spec(name, constraints, volumeDriver: "local");

    [Fact]
    public void A_task_with_options_of_containers_goes_where_containers_run()
    {
        _swarm.AddNode("a", executor: ExecutorNames.Process);
        _swarm.AddNode("b", executor: ExecutorNames.Docker);
        Assert.Equal("b b", _swarm.Where(_swarm.Run(WithMount(), 2)));
        // Without such options both are taken.
        Assert.Equal(["a", "b"], _swarm.Run(SwarmFixture.Spec("plain"), 2).Select(_swarm.NodeOf).Order());
    }

    [Fact]
    public void A_pending_task_says_why_processes_do_not_do()
    {
        _swarm.AddNode("a", executor: ExecutorNames.Process);
        var spec = WithMount() with { };
        spec = spec with { Container = spec.Container with { Init = true, CapabilityAdd = ["CAP_CHOWN"] } };
        var task = _swarm.Run(spec, 1)[0];
        Assert.Equal(["executor:1:a process of the host cannot have Mounts, CapabilityAdd, Init"], _swarm.ReasonsOf(task));
    }

    [Fact]
    public void Options_that_no_node_supports_are_refused_and_named()
    {
        _swarm.AddNode("a", executor: ExecutorNames.Process);
        _swarm.AddNode("b", NodeState.Down, executor: ExecutorNames.Process);
        var e = Assert.Throws<SwarmException>(() => ServiceOutlook.Validate(_swarm.State, WithMount()));
        Assert.Equal(("NotSupportedByExecutor", "Mounts", SwarmErrorKind.FailedPrecondition), (e.ErrorId, e.Target, e.Kind));
        Assert.Equal(
            "No node that service web may go to supports Mounts: the tasks of these nodes are processes of their hosts.",
            e.Message
        );
        // The service keeps what it has already: another change of it goes through.
        ServiceOutlook.Validate(_swarm.State, WithMount() with { ForceUpdate = 1 }, WithMount());
        ServiceOutlook.Validate(_swarm.State, SwarmFixture.Spec("plain"));
    }

    [Theory]
    [InlineData(ExecutorNames.Docker)]
    [InlineData(ExecutorNames.Simulated)]
    // A node that has not reported yet, and one of Docker's own swarm.
    [InlineData("")]
    public void One_node_that_may_support_them_is_enough(string executor)
    {
        _swarm.AddNode("a", executor: ExecutorNames.Process);
        _swarm.AddNode("b", NodeState.Down, labels: "zone=east", executor: executor);
        ServiceOutlook.Validate(_swarm.State, WithMount());
        ServiceOutlook.Validate(_swarm.State, WithMount("web", "node.labels.zone==east"));
        // The constraints leave the processes only.
        Assert.Throws<SwarmException>(() => ServiceOutlook.Validate(_swarm.State, WithMount("web", "node.labels.zone!=east")));
        // They leave nothing: the task is pending and says so.
        ServiceOutlook.Validate(_swarm.State, WithMount("web", "node.labels.zone==north"));
    }

    [Theory]
    [InlineData(4, 0, 0, 0, "")]
    [InlineData(64, 0, 0, 0, "The limit of 64 CPUs is beyond every node that the service may go to: the largest has 4.")]
    [InlineData(
        0,
        9000,
        0,
        0,
        "The limit of 9437184000 bytes of memory is beyond every node that the service may go to: the largest has 8589934592."
    )]
    [InlineData(0, 0, 5, 0, "The reservation of 5 CPUs is beyond every node that the service may go to: the largest has 4.")]
    [InlineData(0, 0, 0, 9000, "The reservation of 9437184000 bytes of memory is beyond every node")]
    [InlineData(0, 5, 0, 0, "The memory limit of 5242880 bytes is below what container engines accept, 6 MiB")]
    [InlineData(0, 6, 0, 0, "")]
    public void Resources_that_no_node_has_are_told(long limitCpus, long limitMiB, long reserveCpus, long reserveMiB, string warning)
    {
        _swarm.AddNode("a", nanoCpus: 2_000_000_000, executor: ExecutorNames.Docker);
        _swarm.AddNode("b", NodeState.Down, executor: ExecutorNames.Process);
        var spec = SwarmFixture.Spec("web") with
        {
            Resources = new ResourceRequirements
            {
                Limits = new ResourceAmount(limitCpus * 1_000_000_000, limitMiB << 20),
                Reservations = new ResourceAmount(reserveCpus * 1_000_000_000, reserveMiB << 20),
            },
        };
        var told = ServiceOutlook.Warnings(_swarm.State, spec);
        if (warning.Length == 0)
        {
            Assert.Empty(told);
        }
        else
        {
            Assert.StartsWith(warning, Assert.Single(told), StringComparison.Ordinal);
        }
        // A node that has not said what it has may have it.
        _swarm.AddNode("c", nanoCpus: 0, memoryBytes: 0);
        Assert.DoesNotContain(ServiceOutlook.Warnings(_swarm.State, spec), static s => s.Contains("beyond", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_option_of_a_container_is_one_of_processes_or_beyond_them()
    {
        Assert.Empty(ExecutorOptions.BeyondProcesses(SwarmFixture.Spec("web").Container with { User = "nobody", StopSignal = "SIGINT" }));
        Assert.Equal(["Tty"], ExecutorOptions.BeyondProcesses(SwarmFixture.Spec("web").Container with { Tty = true }));
    }
}
