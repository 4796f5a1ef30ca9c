using Swarm.Core.Model;
using Swarm.Core.Scheduling;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Scheduling;

public sealed class FilterTests
{
    private readonly SwarmFixture _swarm = new();

    [Fact]
    public void A_swarm_without_nodes_says_so()
    {
        var task = _swarm.Run(SwarmFixture.Spec("web"), 1)[0];
        Assert.Equal(["ready:0:the swarm has no nodes"], _swarm.ReasonsOf(task));
    }

    [Fact]
    public void Nodes_that_are_not_ready_or_not_active_are_counted_with_their_cause()
    {
        _swarm.AddNode("a", NodeState.Down);
        _swarm.AddNode("b", NodeState.Down);
        _swarm.AddNode("c", availability: NodeAvailability.Drain);
        _swarm.AddNode("d", availability: NodeAvailability.Pause);
        _swarm.AddNode("e", NodeState.Disconnected);
        var task = _swarm.Run(SwarmFixture.Spec("web"), 1)[0];
        Assert.Equal(["ready:5:state is Down (2); availability is Drain (1); availability is Pause (1); 1 more"], _swarm.ReasonsOf(task));
    }

    [Fact]
    public void A_node_held_through_a_planned_restart_takes_tasks_until_it_is_Down()
    {
        _swarm.AddNode("a", NodeState.Disconnected);
        var status = _swarm.State.FindNode("a")!.Status;
        var held = status with { HeldUntil = _swarm.Now.AddSeconds(30) };
        _swarm.Apply(new StateChange.NodeStatusSet("a", held, _swarm.Now));
        Assert.Equal("a", _swarm.Where(_swarm.Run(SwarmFixture.Spec("one"), 1)));
        _swarm.Apply(new StateChange.NodeStatusSet("a", held with { State = NodeState.Down }, _swarm.Now));
        Assert.Equal("-", _swarm.Where(_swarm.Run(SwarmFixture.Spec("two"), 1)));
    }

    [Fact]
    public void Each_node_is_counted_by_the_first_filter_that_refuses_it()
    {
        _swarm.AddNode("a", NodeState.Down, memoryBytes: 1, plugins: "Volume/local");
        _swarm.AddNode("b", memoryBytes: 1, plugins: "Volume/local");
        _swarm.AddNode("c", plugins: "Volume/local");
        _swarm.AddNode("d", plugins: "Volume/rexray:latest");
        var spec = SwarmFixture.Spec("web", ["node.labels.zone == east"], memoryBytes: 64 << 20, volumeDriver: "rexray");
        var task = _swarm.Run(spec, 1)[0];
        Assert.Equal(
            [
                "ready:1:state is Down",
                "resources:1:not enough memory (64 MiB reserved)",
                "plugins:1:volume driver rexray is not installed",
                "constraints:1:node.labels.zone==east is not met",
            ],
            _swarm.ReasonsOf(task)
        );
    }

    [Fact]
    public void Reservations_of_all_tasks_on_a_node_count_until_they_end()
    {
        _swarm.AddNode("a", nanoCpus: 1_000_000_000);
        var spec = SwarmFixture.Spec("web", nanoCpus: 600_000_000);
        var tasks = _swarm.Run(spec, 2);
        Assert.Equal("a -", _swarm.Where(tasks));
        Assert.Equal(["resources:1:not enough CPU (0.6 reserved)"], _swarm.ReasonsOf(tasks[1]));

        // Asked to stop, it still holds its share.
        _swarm.Apply(new StateChange.TaskDesire(tasks[0], TaskState.Shutdown));
        Assert.False(_swarm.Scheduler.HasWork);
        _swarm.Observe(tasks[0], TaskState.Shutdown);
        Assert.True(_swarm.Scheduler.HasWork);
        _swarm.Schedule();
        Assert.Equal("a a", _swarm.Where(tasks));
        Assert.Empty(_swarm.ReasonsOf(tasks[1]));
        Assert.False(_swarm.Scheduler.HasWork);
    }

    [Fact]
    public void A_reservation_is_given_back_even_when_its_revision_is_gone()
    {
        _swarm.AddNode("a", nanoCpus: 1_000_000_000);
        var task = _swarm.Run(SwarmFixture.Spec("web", nanoCpus: 1_000_000_000), 1)[0];
        _swarm.Apply(new StateChange.RevisionRemove("web", 1), new StateChange.TaskRemove(task));
        Assert.Equal("a", _swarm.Where(_swarm.Run(SwarmFixture.Spec("next", nanoCpus: 1_000_000_000), 1)));
    }

    [Fact]
    public void A_host_port_is_taken_until_its_task_has_ended()
    {
        _swarm.AddNode("a");
        var first = _swarm.Run(SwarmFixture.Spec("web", ports: SwarmFixture.HostPort(8080)), 2);
        Assert.Equal("a -", _swarm.Where(first));
        Assert.Equal(["ports:1:host port 8080/tcp is taken by another task"], _swarm.ReasonsOf(first[1]));
        var other = _swarm.Run(SwarmFixture.Spec("other", ports: [SwarmFixture.HostPort(9090), SwarmFixture.HostPort(8080)]), 1);
        Assert.Equal("-", _swarm.Where(other));
        Assert.Equal(
            "ports",
            Assert.Single(_swarm.Scheduler.Explain(SwarmFixture.Spec("x", ports: SwarmFixture.HostPort(8080)), null)).Refusal?.Filter
        );

        // Asked to stop, it still has the port.
        _swarm.Apply(new StateChange.TaskDesire(first[0], TaskState.Shutdown));
        Assert.False(_swarm.Scheduler.HasWork);
        _swarm.Observe(first[0], TaskState.Shutdown);
        Assert.True(_swarm.Scheduler.HasWork);
        _swarm.Schedule();
        Assert.Single(first.Concat(other).Skip(1), t => _swarm.NodeOf(t) == "a");
    }

    [Fact]
    public void Ports_that_are_not_the_nodes_own_or_not_the_same_exclude_nothing()
    {
        _swarm.AddNode("a");
        _swarm.Run(SwarmFixture.Spec("web", ports: SwarmFixture.HostPort(8080)), 1);
        PublishedPort[] others =
        [
            SwarmFixture.HostPort(8080, PortProtocol.Udp),
            SwarmFixture.HostPort(0),
            SwarmFixture.HostPort(8081),
            SwarmFixture.HostPort(8080) with
            {
                Mode = PublishMode.Ingress,
            },
        ];
        Assert.Equal(
            "a a",
            _swarm.Where(
                _swarm
                    .Run(SwarmFixture.Spec("udp", ports: others[0]), 1)
                    .Concat(_swarm.Run(SwarmFixture.Spec("ingress", ports: others[3]), 1))
            )
        );
        Assert.Equal("a a", _swarm.Where(_swarm.Run(SwarmFixture.Spec("any", ports: others[1]), 2)));
        Assert.Equal("a", _swarm.Where(_swarm.Run(SwarmFixture.Spec("next", ports: others[2]), 1)));
    }

    [Fact]
    public void Explain_gives_the_figures_of_the_moment()
    {
        _swarm.AddNode("a", nanoCpus: 2_000_000_000, memoryBytes: 1L << 30);
        _swarm.AddNode("b", NodeState.Down);
        _swarm.AddNode("c");
        _swarm.Run(SwarmFixture.Spec("old", ["node.id==a"], nanoCpus: 500_000_000), 1);
        var placements = _swarm.Scheduler.Explain(SwarmFixture.Spec("new", nanoCpus: 2_000_000_000, memoryBytes: 2L << 30), null);
        Assert.Equal(["c", "a", "b"], placements.Select(p => p.Node.Id));
        Assert.Equal([1, 0, 0], placements.Select(p => p.Rank));
        Assert.Null(placements[0].Refusal);
        Assert.Equal(
            new PendingReason("resources", 1, "not enough CPU (2 reserved of 1.5 free), not enough memory (2 GiB reserved of 1 GiB free)"),
            placements[1].Refusal
        );
        Assert.Equal(new PendingReason("ready", 1, "state is Down"), placements[2].Refusal);
    }

    [Theory]
    [InlineData("", "rexray", true)]
    [InlineData("Volume/rexray", "rexray", true)]
    [InlineData("Volume/rexray:latest", "rexray", true)]
    [InlineData("Volume/rexray:1", "rexray", false)]
    [InlineData("Network/rexray", "rexray", false)]
    [InlineData("Volume/other", "local", true)]
    public void Volume_drivers_are_looked_for_among_reported_plugins(string plugins, string driver, bool fits)
    {
        var node = _swarm.AddNode("a", plugins: plugins);
        Assert.Equal(fits, _swarm.Scheduler.Fits(node, SwarmFixture.Spec("web", volumeDriver: driver), null, out var why));
        Assert.Equal(fits ? null : "plugins", why?.Filter);
    }

    [Fact]
    public void A_constraint_that_cannot_be_read_is_met_by_no_node()
    {
        var node = _swarm.AddNode("a");
        Assert.False(_swarm.Scheduler.Fits(node, SwarmFixture.Spec("web", ["node.role=manager"]), null, out var why));
        Assert.Equal("constraints", why!.Filter);
        Assert.Contains("column 10", why.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Max_replicas_refuses_nodes_that_have_enough_and_lets_go_when_one_leaves()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b", NodeState.Down);
        var spec = SwarmFixture.Spec("web", maxReplicas: 2);
        var tasks = _swarm.Run(spec, 3);
        Assert.Equal("a a -", _swarm.Where(tasks));
        Assert.Equal(
            ["ready:1:state is Down", "max-replicas:1:the most replicas allowed on a node (2) are there"],
            _swarm.ReasonsOf(tasks[2])
        );
        Assert.False(_swarm.Scheduler.Fits(_swarm.State.FindNode("a")!, spec, "web", out var why));
        Assert.Equal("max-replicas", why!.Filter);
        Assert.Equal("max-replicas", _swarm.Scheduler.Explain(spec, "web")[0].Refusal!.Filter);

        _swarm.Apply(new StateChange.TaskDesire(tasks[0], TaskState.Shutdown));
        Assert.True(_swarm.Scheduler.HasWork);
        _swarm.Schedule();
        Assert.Equal("a", _swarm.NodeOf(tasks[2]));
    }

    [Fact]
    public void Placement_of_running_tasks_is_judged_by_constraints_alone()
    {
        var node = _swarm.AddNode("a", NodeState.Down, NodeAvailability.Drain, nanoCpus: 0, labels: "zone=west");
        var spec = SwarmFixture.Spec("web", ["node.labels.zone==west"], nanoCpus: 1);
        Assert.True(Scheduler.MeetsPlacement(node, spec, out var why));
        Assert.Null(why);
        Assert.False(Scheduler.MeetsPlacement(node, SwarmFixture.Spec("web", ["node.labels.zone!=WEST"]), out why));
        Assert.Equal(new PendingReason("constraints", 1, "node.labels.zone!=WEST is not met"), why);
    }

    [Theory]
    [InlineData("linux", "x86_64", "linux/amd64", true)]
    [InlineData("linux", "x86_64", "linux/arm64", false)]
    [InlineData("linux", "x86_64", "linux/arm64 linux/amd64", true)]
    [InlineData("linux", "aarch64", "linux/arm64", true)]
    [InlineData("linux", "armv7l", "linux/arm", true)]
    [InlineData("linux", "i686", "linux/386", true)]
    [InlineData("windows", "x86_64", "linux/amd64", false)]
    [InlineData("windows", "x86_64", "linux/amd64 windows", true)]
    [InlineData("linux", "riscv64", "linux/riscv64", true)]
    [InlineData("linux", "aarch64", "", true)]
    public void An_image_goes_only_to_nodes_that_it_is_made_for(string os, string architecture, string platforms, bool fits)
    {
        var swarm = new SwarmFixture();
        var node = swarm.AddNode("a");
        swarm.Apply(new StateChange.NodeDescriptionSet("a", node.Description with { Os = os, Architecture = architecture }, swarm.Now));
        var spec = SwarmFixture.Spec("web");
        spec = spec with
        {
            Placement = spec.Placement with { Platforms = [.. platforms.Split(' ', StringSplitOptions.RemoveEmptyEntries)] },
        };

        var task = swarm.Run(spec, 1)[0];

        Assert.Equal(fits ? "a" : null, swarm.NodeOf(task));
        if (!fits)
        {
            Assert.Equal([$"platform:1:the image is not made for {os}/amd64"], swarm.ReasonsOf(task));
        }
    }
}
