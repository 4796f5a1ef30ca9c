using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.State;
using Swarm.Core.Tests.Orchestration;

namespace Swarm.Core.Tests.State;

public sealed class NetworkStateTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private readonly ClusterState _state = new();

    [Fact]
    public void A_network_is_found_by_id_and_name_until_it_is_removed()
    {
        var network = Create("n1", "front");
        Assert.Equal(network with { Version = _state.Index }, _state.FindNetwork("n1"));
        Assert.Equal("n1", _state.FindNetworkByName("front")?.Id);
        Apply(new StateChange.NetworkRemove("n1"));
        Assert.Null(_state.FindNetwork("n1"));
        Assert.Null(_state.FindNetworkByName("front"));
        Assert.Empty(_state.Networks);
    }

    [Fact]
    public void A_network_gets_subnets_gateways_and_a_tunnel_id_of_its_own()
    {
        var first = Create("n1", "front");
        var second = Create("n2", "back");
        Assert.Equal([new NetworkSubnet("10.128.0.0/24", "10.128.0.1", "")], first.Subnets);
        Assert.Equal([new NetworkSubnet("10.128.1.0/24", "10.128.1.1", "")], second.Subnets);
        Assert.Equal(((1u << 20), (1u << 20) + 1), (first.TunnelId, second.TunnelId));
    }

    [Fact]
    public void What_a_removed_network_had_is_used_again_as_late_as_possible()
    {
        Create("n1", "front");
        Apply(new StateChange.NetworkRemove("n1"));
        Assert.Equal("10.128.1.0/24", Create("n2", "back").Subnets[0].Subnet);
        Restart();
        var third = Create("n3", "third");
        Assert.Equal(("10.128.2.0/24", (1u << 20) + 2), (third.Subnets[0].Subnet, third.TunnelId));
    }

    [Fact]
    public void A_network_gets_what_its_user_chose_and_an_IPv4_subnet_in_any_case()
    {
        var chosen = Create("n1", "front", new NetworkSubnet("10.128.0.0/16", "10.128.0.9", "10.128.4.0/24"));
        Assert.Equal([new NetworkSubnet("10.128.0.0/16", "10.128.0.9", "10.128.4.0/24")], chosen.Subnets);
        var dual = Create("n2", "back", new NetworkSubnet("fd00:1::/64", "", ""));
        Assert.Equal(["10.129.0.0/24", "fd00:1::/64"], dual.Subnets.Select(static s => s.Subnet));
        Assert.Equal("fd00:1::1", dual.Subnets[1].Gateway);
    }

    [Theory]
    [InlineData("10.128.0.0/9", "", "", "SubnetInUse")]
    [InlineData("10.128.0.16/28", "", "", "SubnetInUse")]
    [InlineData("10.1.0.1/24", "", "", "InvalidSubnet")]
    [InlineData("10.1.0.0/24", "10.1.1.1", "", "InvalidGateway")]
    [InlineData("10.1.0.0/24", "first", "", "InvalidGateway")]
    [InlineData("10.1.0.0/24", "", "10.1.1.0/25", "InvalidIpRange")]
    [InlineData("10.1.0.0/32", "", "", "SubnetTooSmall")]
    public void What_does_not_suit_is_refused(string subnet, string gateway, string range, string error)
    {
        Create("n1", "front");
        var refused = Assert.Throws<SwarmException>(() => Create("n2", "back", new NetworkSubnet(subnet, gateway, range)));
        Assert.Equal(error, refused.ErrorId);
        Assert.Equal("10.128.1.0/24", Create("n2", "back").Subnets[0].Subnet);
    }

    [Fact]
    public void When_no_subnet_is_left_a_network_is_refused()
    {
        Use(["10.0.0.0/23"], 24);
        Create("n1", "a");
        Create("n2", "b");
        Assert.Equal("NoSubnetLeft", Assert.Throws<SwarmException>(() => Create("n3", "c")).ErrorId);
        Apply(new StateChange.NetworkRemove("n1"));
        Assert.Equal("10.0.0.0/24", Create("n3", "c").Subnets[0].Subnet);
    }

    [Fact]
    public void Other_default_pools_leave_the_networks_what_they_have()
    {
        Create("n1", "a");
        Use(["10.128.0.0/16"], 20);
        Assert.Equal("10.128.16.0/20", Create("n2", "b").Subnets[0].Subnet);
    }

    [Fact]
    public void A_network_that_another_one_overlaps_is_not_created()
    {
        var first = Create("n1", "a");
        Apply(new StateChange.NetworkCreate(first with { Id = "n2", Spec = first.Spec with { Name = "b" }, TunnelId = (1 << 20) + 7 }));
        Apply(
            new StateChange.NetworkCreate(
                first with
                {
                    Id = "n3",
                    Spec = first.Spec with { Name = "c" },
                    Subnets = [new NetworkSubnet("10.200.0.0/24", "10.200.0.1", "")],
                }
            )
        );
        Assert.Equal(["n1"], _state.Networks.Select(static n => n.Id));
        // Nothing of them is held.
        var next = Create("n4", "d", new NetworkSubnet("10.200.0.0/24", "", ""));
        Assert.Equal((1u << 20) + 1, next.TunnelId);
    }

    [Fact]
    public void A_node_s_number_is_its_own_until_it_is_removed()
    {
        AddNode("a", 1);
        AddNode("b", 1);
        Assert.Equal((1u, 0u), (Number("a"), Number("b")));
        Apply(new StateChange.NodeNumberSet("b", 1));
        Assert.Equal(0u, Number("b"));
        Apply(new StateChange.NodeNumberSet("b", 2));
        Apply(new StateChange.NodeNumberSet("b", 3));
        Assert.Equal(2u, Number("b"));
        Apply(new StateChange.NodeRemove("a"));
        Restart();
        Assert.Equal(3u, _state.CopyPools().TakeNodeNumber());
        AddNode("c", 1);
        Assert.Equal(1u, Number("c"));
    }

    [Fact]
    public void A_snapshot_from_before_networks_opens()
    {
        _state.Restore(_state.Capture() with { Networks = [], Pools = null, Nodes = [Node("a", 0), Node("b", 0)] });
        Assert.Equal(1u, _state.CopyPools().TakeNodeNumber());
        Assert.Equal("10.128.0.0/24", Create("n1", "front").Subnets[0].Subnet);
    }

    /// <summary>Managers that restart from snapshots at different moments give the same, and nothing is lost or held twice.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_manager_gives_the_same_over_restarts(int seed)
    {
        var random = new Random(seed);
        Use(["10.0.0.0/22", "10.9.0.0/23"], 24);
        var other = new ClusterState();
        other.Restore(_state.Capture());
        for (var step = 0; step < 400; step++)
        {
            StateChange? change = random.Next(4) switch
            {
                0 when _state.Networks.Count > 0 => new StateChange.NetworkRemove(AnyId(_state.Networks.Select(static n => n.Id))),
                1 when _state.Nodes.Count > 5 => new StateChange.NodeRemove(AnyId(_state.Nodes.Select(static n => n.Id))),
                2 => new StateChange.NodeCreate(Node($"node{step}", _state.CopyPools().TakeNodeNumber())),
                _ when _state.Networks.Count < 6 => new StateChange.NetworkCreate(Taken(_state, $"n{step}", $"name{step}")),
                _ => null,
            };
            if (change is null)
            {
                Assert.Equal("NoSubnetLeft", Assert.Throws<SwarmException>(() => Taken(_state, "x", "x")).ErrorId);
                continue;
            }
            _state.Apply([change], _state.Index + 1);
            other.Apply([change], other.Index + 1);
            if (random.Next(10) == 0)
            {
                other.Restore(other.Capture());
            }
            Assert.Equal(_state.Capture().Pools, other.Capture().Pools);
            Assert.Equal(_state.Capture().Networks, other.Capture().Networks);
            Assert.Equal(_state.Nodes.Count, _state.Nodes.Select(static n => n.Number).Distinct().Count());
            Assert.Equal(_state.Networks.Count, _state.Networks.SelectMany(static n => n.Subnets).Distinct().Count());
            Assert.Equal(_state.Networks.Count, _state.Networks.Select(static n => n.TunnelId).Distinct().Count());
        }

        string AnyId(IEnumerable<string> ids)
        {
            var all = ids.Order(StringComparer.Ordinal).ToList();
            return all[random.Next(all.Count)];
        }
    }

    private static Network Taken(ClusterState state, string id, string name, ValueList<NetworkSubnet> subnets = default)
    {
        var spec = new NetworkSpec { Name = name, Subnets = subnets };
        var (given, tunnel) = state.CopyPools().Take(spec);
        return new Network
        {
            Id = id,
            CreatedAt = Now,
            Spec = spec,
            Subnets = given,
            TunnelId = tunnel,
        };
    }

    private static Node Node(string id, uint number) =>
        new()
        {
            Id = id,
            CreatedAt = Now,
            UpdatedAt = Now,
            Number = number,
        };

    private Network Create(string id, string name, params NetworkSubnet[] subnets)
    {
        var network = Taken(_state, id, name, [.. subnets]);
        Apply(new StateChange.NetworkCreate(network));
        Assert.NotNull(_state.FindNetwork(id));
        return network;
    }

    private void AddNode(string id, uint number) => Apply(new StateChange.NodeCreate(Node(id, number)));

    private uint Number(string nodeId) => _state.FindNode(nodeId)!.Number;

    private void Apply(StateChange change) => _state.Apply([change], _state.Index + 1);

    private void Restart() => _state.Restore(_state.Capture());

    private void Use(ValueList<string> pools, int maskLength) =>
        Apply(TestSwarm.Set(ClusterSettings.Default with { DefaultAddressPools = pools, DefaultAddressPoolMaskLength = maskLength }, Now));
}
