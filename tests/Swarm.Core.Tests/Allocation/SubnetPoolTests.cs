using Swarm.Core.Allocation;
using Swarm.Core.Errors;

namespace Swarm.Core.Tests.Allocation;

public sealed class SubnetPoolTests
{
    [Fact]
    public void Subnets_come_from_one_pool_after_the_other()
    {
        var pool = Pool(24, "10.0.0.0/23", "10.9.0.0/24");
        Assert.Equal(["10.0.0.0/24", "10.0.1.0/24", "10.9.0.0/24"], TakeAll(pool));
    }

    [Fact]
    public void A_subnet_that_overlaps_a_chosen_one_is_not_given()
    {
        var pool = Pool(24, "10.0.0.0/22");
        Assert.Null(pool.TryTake(AddressBlock.Parse("10.0.1.16/28")));
        Assert.Null(pool.TryTake(AddressBlock.Parse("10.0.1.32/28")));
        Assert.Null(pool.TryTake(AddressBlock.Parse("172.16.0.0/12")));
        Assert.Null(pool.TryTake(AddressBlock.Parse("fd00::/64")));
        Assert.Equal("10.0.1.16/28", $"{pool.TryTake(AddressBlock.Parse("10.0.0.0/16"))}");
        Assert.Equal("172.16.0.0/12", $"{pool.TryTake(AddressBlock.Parse("172.20.1.0/24"))}");
        Assert.Equal(["10.0.0.0/24", "10.0.2.0/24", "10.0.3.0/24"], TakeAll(pool));

        Assert.True(pool.Return(AddressBlock.Parse("10.0.1.16/28")));
        Assert.False(pool.Return(AddressBlock.Parse("10.0.1.16/28")));
        Assert.Null(pool.Take());
        Assert.True(pool.Return(AddressBlock.Parse("10.0.1.32/28")));
        Assert.Equal(["10.0.1.0/24"], TakeAll(pool));
    }

    [Fact]
    public void A_restored_pool_keeps_the_order_and_what_is_held()
    {
        var pool = Pool(26, "10.0.0.0/24");
        var first = pool.Take()!.Value;
        var second = pool.Take()!.Value;
        Assert.True(pool.Return(first));
        var restored = SubnetPool.Restore([AddressBlock.Parse("10.0.0.0/24")], 26, pool.Capture(), [second]);
        Assert.Equal(["10.0.0.128/26", "10.0.0.192/26", "10.0.0.0/26"], TakeAll(restored));
    }

    [Theory]
    [InlineData(24, "")]
    [InlineData(24, "10.0.0.0/25")]
    [InlineData(33, "10.0.0.0/8")]
    [InlineData(24, "10.0.0.0/16 10.0.5.0/24")]
    [InlineData(24, "10.0.0.0/16 fd00::/16")]
    [InlineData(64, "fd00::/8")]
    public void Pools_that_cannot_be_cut_are_refused(int prefixLength, string pools) =>
        Assert.Equal(
            "InvalidAddressPool",
            Assert.Throws<SwarmException>(() => Pool(prefixLength, pools.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ErrorId
        );

    /// <summary>Random networks, chosen and given, over small pools: no two that are held overlap, and a pool refuses only when nothing fits.</summary>
    [Fact]
    public void Random_networks_never_overlap()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            AddressBlock[] pools = [AddressBlock.Parse("10.0.0.0/26"), AddressBlock.Parse("10.0.1.0/27")];
            var pool = new SubnetPool(pools, 29);
            var held = new List<AddressBlock>();
            for (var step = 0; step < 200; step++)
            {
                switch (random.Next(4))
                {
                    case 0:
                        var chosen = AddressBlock.At((uint)(0x0A000000 + random.Next(512)), random.Next(23, 33), false);
                        var overlapped = pool.TryTake(chosen);
                        Check(overlapped is null == !held.Any(h => h.Overlaps(chosen)));
                        Check(overlapped is not { } other || (held.Contains(other) && other.Overlaps(chosen)));
                        if (overlapped is null)
                        {
                            held.Add(chosen);
                        }
                        break;
                    case 1 when held.Count > 0:
                        var gone = held[random.Next(held.Count)];
                        held.Remove(gone);
                        Check(pool.Return(gone));
                        break;
                    case 2 when step % 3 == 0:
                        pool = SubnetPool.Restore(pools, 29, pool.Capture(), held);
                        break;
                    default:
                        if (pool.Take() is { } given)
                        {
                            Check(given.PrefixLength == 29 && pools.Any(p => p.Contains(given)) && !held.Any(h => h.Overlaps(given)));
                            held.Add(given);
                        }
                        else
                        {
                            Check(All(pools).All(block => held.Any(h => h.Overlaps(block))));
                        }
                        break;
                }
                Check(pool.Free == All(pools).Count(block => !held.Any(h => h.Overlaps(block))));

                void Check(bool holds) => Assert.True(holds, $"Seed {seed}, step {step}: held {string.Join(' ', held)}.");
            }
        }
    }

    private static IEnumerable<AddressBlock> All(AddressBlock[] pools) =>
        pools.SelectMany(p =>
            Enumerable.Range(0, 1 << (29 - p.PrefixLength)).Select(i => AddressBlock.At(p.First + (uint)(i * 8), 29, false))
        );

    private static SubnetPool Pool(int prefixLength, params string[] pools) => new([.. pools.Select(AddressBlock.Parse)], prefixLength);

    private static List<string> TakeAll(SubnetPool pool)
    {
        var all = new List<string>();
        while (pool.Take() is { } block)
        {
            all.Add($"{block}");
        }
        return all;
    }
}
