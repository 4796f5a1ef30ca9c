using Swarm.Core.Errors;
using Swarm.Core.Forwarding;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Tests.Orchestration;

namespace Swarm.Core.Tests.Forwarding;

/// <summary>The published ports of a swarm: the state gives and takes them, and one service has each.</summary>
public sealed class PublishedPortsTests
{
    private readonly TestSwarm _swarm = new();

    private static PublishedPort Port(uint target, uint published = 0, PortProtocol protocol = PortProtocol.Tcp) =>
        new()
        {
            Target = target,
            Published = published,
            Protocol = protocol,
        };

    private static ServiceSpec Spec(string name, params ReadOnlySpan<PublishedPort> ports) =>
        TestSwarm.Spec(name) with
        {
            Ports = new ValueList<PublishedPort>(ports),
        };

    private uint[] Published(string name) => [.. _swarm[name].Ports.Select(static p => p.Published)];

    [Fact]
    public void The_swarm_chooses_a_port_where_none_is_named()
    {
        _swarm.Create(Spec("a", Port(80), Port(443), Port(8080, 30_000)));
        _swarm.Create(Spec("b", Port(80), Port(53, 0, PortProtocol.Udp)));
        Assert.Equal([30_001u, 30_002u, 30_000u], Published("a"));
        // The same number of the other transport is another port.
        Assert.Equal([30_003u, 30_004u], Published("b"));
        Assert.Equal("a", _swarm.State.FindServiceByPort(PortProtocol.Tcp, 30_001)?.Spec.Name);
        Assert.Null(_swarm.State.FindServiceByPort(PortProtocol.Udp, 30_001));
        // The spec stays as the user wrote it.
        Assert.Equal([0u, 0u, 30_000u], _swarm["a"].Spec.Ports.Select(static p => p.Published));
    }

    [Fact]
    public void A_chosen_port_is_kept_over_updates_and_used_again_late()
    {
        _swarm.Create(Spec("a", Port(80)));
        _swarm.Update("a", spec => spec with { Ports = [Port(443), Port(80)] });
        Assert.Equal([30_001u, 30_000u], Published("a"));
        _swarm.SetImage("a", "redis:2");
        Assert.Equal([30_001u, 30_000u], Published("a"));
        _swarm.Apply(new StateChange.ServiceRemove(_swarm["a"].Id));
        Assert.Null(_swarm.State.FindServiceByPort(PortProtocol.Tcp, 30_000));
        _swarm.Create(Spec("b", Port(80)));
        Assert.Equal([30_002u], Published("b"));
    }

    [Fact]
    public void The_last_port_is_followed_by_the_first_that_is_free_and_without_any_none_is_given()
    {
        const int Count = (int)(ClusterState.LastChosenPort - ClusterState.FirstChosenPort) + 1;
        var ports = Enumerable.Range(1, Count).Select(static i => Port((uint)i)).ToArray();
        _swarm.Create(Spec("all", ports));
        Assert.Equal(Count, Published("all").Distinct().Count());
        var refused = Assert.Throws<SwarmException>(() => PortConflicts.Require(_swarm.State, Spec("more", Port(80)), null));
        Assert.Equal("PortsExhausted", refused.ErrorId);
        PortConflicts.Require(_swarm.State, Spec("more", Port(80, 0, PortProtocol.Udp), Port(80, 8080)), null);
        PortConflicts.Require(_swarm.State, _swarm["all"].Spec, _swarm["all"].Id);
        // Two requests of the same moment: the second one gets none.
        _swarm.Create(Spec("more", Port(80)));
        Assert.Equal([0u], Published("more"));
        _swarm.Update("all", spec => spec with { Ports = [.. spec.Ports.Where(static p => p.Target != 500)] });
        _swarm.Create(Spec("lucky", Port(80)));
        Assert.Equal([30_499u], Published("lucky"));
    }

    [Fact]
    public void A_port_of_the_nodes_is_not_chosen()
    {
        _swarm.Create(Spec("h", Port(80, 30_000) with { Mode = PublishMode.Host }));
        _swarm.Create(Spec("a", Port(80), Port(81, 30_001) with { Mode = PublishMode.Host }));
        Assert.Equal([30_002u, 30_001u], Published("a"));
    }

    [Fact]
    public void A_snapshot_keeps_the_ports_and_where_the_choice_goes_on()
    {
        _swarm.Create(Spec("a", Port(80)));
        _swarm.Create(Spec("gone", Port(80)));
        _swarm.Apply(new StateChange.ServiceRemove(_swarm["gone"].Id));
        _swarm.ChangeLeader();
        Assert.Equal("a", _swarm.State.FindServiceByPort(PortProtocol.Tcp, 30_000)?.Spec.Name);
        _swarm.Create(Spec("b", Port(80)));
        Assert.Equal([30_002u], Published("b"));
    }

    [Fact]
    public void A_fork_gives_ports_of_its_own()
    {
        _swarm.Create(Spec("a", Port(80)));
        var fork = _swarm.State.Fork();
        fork.Apply([new StateChange.ServiceRemove(_swarm["a"].Id)], 99);
        Assert.Null(fork.FindServiceByPort(PortProtocol.Tcp, 30_000));
        Assert.NotNull(_swarm.State.FindServiceByPort(PortProtocol.Tcp, 30_000));
    }

    [Fact]
    public void A_port_of_another_service_is_refused_with_its_name()
    {
        _swarm.Create(Spec("a", Port(80, 8080)));
        _swarm.Create(Spec("h", Port(80, 9090) with { Mode = PublishMode.Host }));
        var refused = Assert.Throws<SwarmException>(() => PortConflicts.Require(_swarm.State, Spec("b", Port(1, 8080)), null));
        Assert.Equal(
            ("PortInUse", SwarmErrorKind.AlreadyExists, "Port 8080/tcp is already published by service a."),
            (refused.ErrorId, refused.Kind, refused.Message)
        );
        // Of one node it is a port of all nodes as well, and the other way round.
        Assert.Throws<SwarmException>(() =>
            PortConflicts.Require(_swarm.State, Spec("b", Port(1, 8080) with { Mode = PublishMode.Host }), null)
        );
        Assert.Throws<SwarmException>(() => PortConflicts.Require(_swarm.State, Spec("b", Port(1, 9090)), null));
        PortConflicts.Require(_swarm.State, Spec("b", Port(1, 8080, PortProtocol.Udp), Port(1, 8081)), null);
        PortConflicts.Require(_swarm.State, Spec("b", Port(1, 9090) with { Mode = PublishMode.Host }), null);
        PortConflicts.Require(_swarm.State, Spec("a", Port(1, 8080)), _swarm["a"].Id);
    }

    [Fact]
    public void Two_commands_that_publish_do_not_share_a_batch()
    {
        var (a, b) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        _swarm.Create(Spec("a", Port(80)));
        new StateChange.ServiceCreate(_swarm["a"], null).AddKeys(a, _swarm.State);
        new StateChange.ServiceSpecSet("x", Spec("x", Port(80)), 1, null, null, _swarm.Now).AddKeys(b, _swarm.State);
        Assert.Equal(["ports"], a.Intersect(b));
    }

    [Fact]
    public void A_port_that_another_service_has_stays_there()
    {
        _swarm.AddNode("node1");
        _swarm.Create(Spec("a", Port(80, 8080)));
        _swarm.Update("a", static spec => spec with { Ports = [] });
        _swarm.Create(Spec("b", Port(80, 8080)));
        _swarm.Update("a", static spec => spec with { Ports = [Port(80, 8080)] });
        Assert.Equal("b", _swarm.State.FindServiceByPort(PortProtocol.Tcp, 8080)?.Spec.Name);
        Assert.Empty(ForwardingTables.ServiceOf(_swarm.State, _swarm["a"].Id)!.Ports);
        _swarm.Apply(new StateChange.ServiceRemove(_swarm["a"].Id));
        Assert.Equal("b", _swarm.State.FindServiceByPort(PortProtocol.Tcp, 8080)?.Spec.Name);
    }
}
