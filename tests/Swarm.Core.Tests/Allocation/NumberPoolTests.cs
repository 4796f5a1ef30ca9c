using Swarm.Core.Allocation;

namespace Swarm.Core.Tests.Allocation;

public sealed class NumberPoolTests
{
    [Fact]
    public void A_number_is_used_again_after_all_others()
    {
        var pool = new NumberPool(3);
        Assert.Equal([0, 1], [Take(pool), Take(pool)]);
        Assert.True(pool.Return(1));
        Assert.True(pool.Return(0));
        Assert.Equal([2, 1, 0], [Take(pool), Take(pool), Take(pool)]);
        Assert.False(pool.TryTake(out _));
        Assert.Equal(3, pool.Held);
    }

    [Fact]
    public void A_number_that_was_taken_out_of_turn_comes_last_too()
    {
        var pool = new NumberPool(4);
        Assert.True(pool.TryTake(2));
        Assert.False(pool.TryTake(2));
        Assert.True(pool.Return(2));
        Assert.Equal([0, 1, 3, 2], [Take(pool), Take(pool), Take(pool), Take(pool)]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(int.MaxValue)]
    public void Numbers_outside_of_the_pool_are_nobodys(int number)
    {
        var pool = new NumberPool(4);
        Assert.False(pool.TryTake(number));
        Assert.False(pool.Return(number));
        Assert.False(pool.IsHeld(number));
    }

    [Fact]
    public void A_restored_pool_loses_no_number_and_takes_none_twice()
    {
        // Number 0 is in no list, 1 is in two, 9 is not in this pool.
        var pool = NumberPool.Restore(4, new NumberPoolOrder(3, [1, 2, 1, 9]), [2, 9]);
        Assert.Equal([3, 1, 0], [Take(pool), Take(pool), Take(pool)]);
        Assert.False(pool.TryTake(out _));
    }

    /// <summary>Random calls against a model that keeps the moment at which each number was given back. Now and then the pool is made again from its
    /// replicated order.</summary>
    [Fact]
    public void Random_calls_agree_with_a_model()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            var count = random.Next(1, 40);
            var pool = new NumberPool(count);
            var held = new SortedSet<int>();
            var returnedAt = new int[count];
            for (var step = 1; step <= 400; step++)
            {
                var number = random.Next(count);
                switch (random.Next(8))
                {
                    case 0:
                        Expect(seed, step, !held.Contains(number), pool.TryTake(number));
                        held.Add(number);
                        break;
                    case 1 or 2 or 3:
                        var wasHeld = held.Remove(number);
                        Expect(seed, step, wasHeld, pool.Return(number));
                        returnedAt[number] = wasHeld ? step : returnedAt[number];
                        break;
                    case 4 when step % 5 == 0:
                        pool = NumberPool.Restore(count, pool.Capture(), held);
                        break;
                    default:
                        var next = Enumerable
                            .Range(0, count)
                            .Where(n => !held.Contains(n))
                            .OrderBy(n => returnedAt[n])
                            .ThenBy(n => n)
                            .ToList();
                        Expect(seed, step, next.Count > 0, pool.TryTake(out var taken));
                        if (next.Count > 0)
                        {
                            Expect(seed, step, next[0], taken);
                            held.Add(taken);
                        }
                        break;
                }
                Expect(seed, step, held.Count, pool.Held);
            }
        }
    }

    private static void Expect<T>(int seed, int step, T expected, T actual) =>
        Assert.True(EqualityComparer<T>.Default.Equals(expected, actual), $"Seed {seed}, step {step}: expected {expected}, got {actual}.");

    private static int Take(NumberPool pool)
    {
        Assert.True(pool.TryTake(out var number));
        return number;
    }
}
