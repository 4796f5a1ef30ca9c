using System.Net;
using Swarm.Core.Allocation;
using Swarm.Core.Errors;

namespace Swarm.Core.Tests.Allocation;

public sealed class AddressPoolTests
{
    [Fact]
    public void A_subnet_gives_all_but_its_ends_and_the_gateway()
    {
        var pool = Pool("10.0.0.0/29");
        Assert.Equal("10.0.0.1", $"{pool.Gateway}");
        Assert.Equal(5, pool.Capacity);
        Assert.Equal(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"], TakeAll(pool));
        Assert.Equal(0, pool.Free);
    }

    [Theory]
    [InlineData("10.0.0.0/31", "10.0.0.1")] // RFC 3021: no broadcast address on a point-to-point link.
    [InlineData("fd00::/126", "fd00::2,fd00::3")] // IPv6 has no broadcast address.
    public void Small_subnets(string subnet, string addresses) => Assert.Equal(addresses.Split(','), TakeAll(Pool(subnet)));

    [Fact]
    public void A_range_and_a_gateway_of_the_users_choice()
    {
        var pool = Pool("10.0.0.0/16", "10.0.5.0/30", "10.0.5.2");
        Assert.Equal(["10.0.5.0", "10.0.5.1", "10.0.5.3"], TakeAll(pool));
        Assert.True(pool.TryTake(IPAddress.Parse("10.0.9.9")));
        Assert.False(pool.TryTake(IPAddress.Parse("10.0.9.9")));
        Assert.False(pool.TryTake(IPAddress.Parse("10.0.5.2")));
        Assert.False(pool.TryTake(IPAddress.Parse("10.0.255.255")));
        Assert.False(pool.TryTake(IPAddress.Parse("10.1.0.1")));
        Assert.True(pool.Return(IPAddress.Parse("10.0.9.9")));
        Assert.False(pool.Return(IPAddress.Parse("10.0.9.9")));
        Assert.False(pool.Return(pool.Gateway));
    }

    [Theory]
    [InlineData("10.0.0.0/24", "10.0.1.0/28", null, "InvalidIpRange")]
    [InlineData("10.0.0.0/24", null, "10.0.1.1", "InvalidGateway")]
    [InlineData("10.0.0.0/24", null, "10.0.0.255", "InvalidGateway")]
    [InlineData("10.0.0.0/24", null, "fd00::1", "InvalidGateway")]
    [InlineData("10.0.0.0/32", null, null, "SubnetTooSmall")]
    [InlineData("10.0.0.0/24", "10.0.0.0/31", null, "SubnetTooSmall")]
    public void What_does_not_fit_is_refused(string subnet, string? range, string? gateway, string errorId) =>
        Assert.Equal(errorId, Assert.Throws<SwarmException>(() => Pool(subnet, range, gateway)).ErrorId);

    [Fact]
    public void A_restored_pool_gives_no_address_of_a_holder_and_keeps_the_order()
    {
        var pool = Pool("10.0.0.0/28");
        var taken = Enumerable.Range(0, 6).Select(_ => pool.Take()!).ToList();
        Assert.True(pool.Return(taken[3]));
        Assert.True(pool.Return(taken[0]));
        taken.RemoveAt(3);
        taken.RemoveAt(0);
        var restored = AddressPool.Restore(pool.Subnet, null, null, pool.Capture(), taken);
        Assert.Equal(pool.Free, restored.Free);
        Assert.Equal(TakeAll(pool), TakeAll(restored));
    }

    [Fact]
    public void A_huge_subnet_costs_what_is_used_of_it()
    {
        var pool = Pool("fd00::/64");
        Assert.Equal("fd00::2", $"{pool.Take()}");
        Assert.Equal(NumberPool.LargestCount - 2, pool.Capacity);
        var far = IPAddress.Parse("fd00::ffff:ffff:ffff:ffff");
        Assert.True(pool.TryTake(far));
        Assert.True(pool.IsHeld(far));
        var restored = AddressPool.Restore(pool.Subnet, null, null, pool.Capture(), [far]);
        Assert.True(restored.IsHeld(far));
        Assert.False(restored.TryTake(far));
    }

    private static AddressPool Pool(string subnet, string? range = null, string? gateway = null) =>
        new(
            AddressBlock.Parse(subnet),
            range is null ? null : AddressBlock.Parse(range),
            gateway is null ? null : IPAddress.Parse(gateway)
        );

    private static List<string> TakeAll(AddressPool pool)
    {
        var all = new List<string>();
        while (pool.Take() is { } address)
        {
            all.Add($"{address}");
        }
        return all;
    }
}
