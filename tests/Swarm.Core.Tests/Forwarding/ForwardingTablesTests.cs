using Swarm.Core.Forwarding;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.State;
using Swarm.Core.Tests.Orchestration;

namespace Swarm.Core.Tests.Forwarding;

/// <summary>The services that nodes forward, and the tasks that they forward to.</summary>
public sealed class ForwardingTablesTests
{
    private static readonly PublishedPort Web = new() { Target = 80, Published = 8080 };

    private readonly TestSwarm _swarm = new(nodes: 2);

    public ForwardingTablesTests()
    {
        foreach (var node in new[] { "node1", "node2" })
        {
            SetNode(node, status => status with { Address = "10.0.0." + node[^1] });
        }
    }

    private void SetNode(string id, Func<NodeStatus, NodeStatus> change) =>
        _swarm.Apply(new StateChange.NodeStatusSet(id, change(_swarm.State.FindNode(id)!.Status), _swarm.Now));

    private void Tell(SwarmTask task, string? address, TaskState state = TaskState.Running) =>
        _swarm.Apply(
            new StateChange.TaskObserve(
                task.Id,
                task.Status with
                {
                    State = state,
                    Endpoint = address is null ? null : new TaskEndpoint(address, []),
                    Message = $"{address}",
                }
            )
        );

    private ForwardedService? Now => ForwardingTables.ServiceOf(_swarm.State, _swarm["web"].Id);

    private string[] Backends => [.. Now!.Backends.Select(static b => b.Endpoint.Address)];

    private List<SwarmTask> Create(params ReadOnlySpan<PublishedPort> ports)
    {
        _swarm.Create(TestSwarm.Spec("web", 2) with { Ports = new ValueList<PublishedPort>(ports) });
        _swarm.Converge();
        return [.. _swarm.Running("web").OrderBy(static t => t.NodeId, StringComparer.Ordinal)];
    }

    [Fact]
    public void Tasks_that_run_and_have_a_place_take_connections()
    {
        var tasks = Create(Web);
        Assert.Empty(Now!.Backends);
        Tell(tasks[0], "10.0.0.1");
        Tell(tasks[1], "10.0.0.2");
        Assert.Equal(["10.0.0.1", "10.0.0.2"], Backends.Order(StringComparer.Ordinal));
        Assert.Equal(("web", Web), (Now.Name, Assert.Single(Now.Ports)));
    }

    [Fact]
    public void A_task_leaves_when_it_is_to_end_and_when_it_has_ended()
    {
        var tasks = Create(Web);
        Tell(tasks[0], "10.0.0.1");
        Tell(tasks[1], "10.0.0.2");
        _swarm.Apply(new StateChange.TaskDesire(tasks[0].Id, TaskState.Shutdown));
        Assert.Equal(["10.0.0.2"], Backends);
        Tell(_swarm.Task(tasks[1].Id), "10.0.0.2", TaskState.Failed);
        Assert.Empty(Backends);
    }

    [Fact]
    public void Tasks_of_a_node_that_is_down_or_has_left_are_out_and_so_is_the_node()
    {
        var tasks = Create(Web);
        Tell(tasks[0], "10.0.0.1");
        Tell(tasks[1], "10.0.0.2");
        Assert.Equal(new ForwardingPeer("node1", 0, "10.0.0.1"), ForwardingTables.PeerOf(_swarm.State.FindNode("node1")!));
        // As long as nobody knows better, a silent node's tasks take connections.
        SetNode("node1", static s => s with { State = NodeState.Disconnected });
        Assert.Equal(2, Backends.Length);
        SetNode("node1", static s => s with { State = NodeState.Down });
        Assert.Equal(["10.0.0.2"], Backends);
        Assert.Null(ForwardingTables.PeerOf(_swarm.State.FindNode("node1")!));
        SetNode("node2", static s => s with { HasLeft = true });
        Assert.Empty(Backends);
    }

    /// <summary>A node that lies could have all nodes of the swarm connect to any machine in its name.</summary>
    [Theory]
    [InlineData("10.0.0.2")]
    [InlineData("10.0.0.77")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("fe80::1")]
    public void A_node_speaks_for_its_own_address_only(string address)
    {
        var tasks = Create(Web);
        Tell(tasks[0], address);
        Assert.Empty(Backends);
    }

    [Fact]
    public void Nodes_on_loopback_share_a_machine_and_its_loopback_addresses()
    {
        var tasks = Create(Web);
        SetNode("node1", static s => s with { Address = "127.0.1.11" });
        Tell(tasks[0], "127.80.1.2");
        Assert.Equal(["127.80.1.2"], Backends);
    }

    [Fact]
    public void A_service_that_publishes_on_its_nodes_only_is_not_forwarded()
    {
        Create(Web with { Mode = PublishMode.Host });
        Assert.Null(Now);
        _swarm.Create(TestSwarm.Spec("none"));
        Assert.Null(ForwardingTables.ServiceOf(_swarm.State, _swarm["none"].Id));
        Assert.Null(ForwardingTables.ServiceOf(_swarm.State, "gone"));
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("1.0", "Port/ingress", true)]
    [InlineData("1.0", "Volume/local", false)]
    [InlineData("1.0", "", false)]
    public void A_task_goes_where_other_nodes_reach_it(string swarmd, string plugin, bool takes)
    {
        var swarm = new TestSwarm(nodes: 1);
        var description = swarm.State.FindNode("node1")!.Description with
        {
            SwarmdVersion = swarmd,
            Plugins = plugin.Length > 0 ? [plugin] : [],
        };
        swarm.Apply(new StateChange.NodeDescriptionSet("node1", description, swarm.Now));
        swarm.Create(TestSwarm.Spec("plain"));
        swarm.Create(TestSwarm.Spec("host") with { Ports = [Web with { Mode = PublishMode.Host }] });
        swarm.Create(TestSwarm.Spec("web") with { Ports = [Web with { Published = 9090 }] });
        swarm.Converge();
        Assert.Single(swarm.Running("plain"));
        Assert.Single(swarm.Running("host"));
        Assert.Equal(takes ? 1 : 0, swarm.Running("web").Count);
        if (!takes)
        {
            Assert.Equal(
                new PendingReason("ingress", 1, "published ports do not reach tasks there"),
                Assert.Single(swarm.Slot("web", 1).Pending!.Reasons)
            );
        }
    }
}
