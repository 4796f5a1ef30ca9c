using System.Net;
using Swarm.Core.Allocation;
using Swarm.Core.Errors;

namespace Swarm.Core.Tests.Allocation;

public sealed class NodeAddressPlanTests
{
    [Fact]
    public void A_node_s_addresses_follow_from_its_number()
    {
        var plan = new NodeAddressPlan(AddressBlock.Parse(NodeAddressPlan.DefaultPool));
        Assert.Equal(NetworkPools.NodeCount, plan.NodeCount);
        Assert.Equal(("10.80.4.0/22", "10.80.0.1"), ($"{plan.SubnetOf(1)}", $"{plan.TunnelAddressOf(1)}"));
        Assert.Equal(("10.95.248.0/22", "10.80.3.254"), ($"{plan.SubnetOf(1022)}", $"{plan.TunnelAddressOf(1022)}"));
        Assert.Equal(1021, new AddressPool(plan.SubnetOf(7)).Capacity);
    }

    [Fact]
    public void No_address_is_two_nodes_and_all_are_in_the_pool()
    {
        foreach (var text in new[] { "10.80.0.0/12", "10.80.0.0/20", "10.0.0.0/8" })
        {
            var pool = AddressBlock.Parse(text);
            var plan = new NodeAddressPlan(pool);
            var numbers = Enumerable.Range(1, plan.NodeCount).Select(static n => (uint)n).ToList();
            var subnets = numbers.Select(plan.SubnetOf).ToList();
            Assert.All(subnets, s => Assert.True(pool.Contains(s)));
            Assert.All(subnets.Zip(subnets.Skip(1)), static p => Assert.False(p.First.Overlaps(p.Second)));
            var tunnels = new HashSet<IPAddress>(numbers.Select(plan.TunnelAddressOf));
            Assert.Equal(plan.NodeCount, tunnels.Count);
            Assert.All(tunnels, t => Assert.DoesNotContain(subnets, s => s.Contains(t)));
        }
    }

    [Theory]
    [InlineData("10.80.0.0/21")]
    [InlineData("fd00::/12")]
    public void A_pool_without_room_is_refused(string pool) =>
        Assert.Equal("InvalidAddressPool", Assert.Throws<SwarmException>(() => new NodeAddressPlan(AddressBlock.Parse(pool))).ErrorId);

    [Theory]
    [InlineData(0u)]
    [InlineData(1023u)]
    public void A_number_without_a_place_is_an_error_of_the_caller(uint number)
    {
        var plan = new NodeAddressPlan(AddressBlock.Parse(NodeAddressPlan.DefaultPool));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.SubnetOf(number));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.TunnelAddressOf(number));
    }
}
