using Swarm.Core.Errors;

namespace Swarm.Core.Allocation;

/// <summary>The default pools of a swarm, cut into subnets of one size. Each network that names no subnet gets one of them. A subnet that a network had is used
/// again as late as possible.</summary>
/// <remarks>Subnets that users choose, and the routes of hosts, are taken out: no subnet is given that overlaps one that is held.</remarks>
public sealed class SubnetPool
{
    private readonly AddressBlock[] _pools;
    private readonly int[] _firstNumbers;
    private readonly NumberPool _numbers;
    private readonly SortedSet<AddressBlock> _held = [];

    /// <param name="pools">The blocks to cut, all of one family.</param>
    /// <param name="prefixLength">The size of a subnet; a pool is at least as large as one.</param>
    /// <exception cref="SwarmException">InvalidAddressPool: none, of two families, overlapping, smaller than a subnet, or cut into more than 2^24.</exception>
    public SubnetPool(IReadOnlyList<AddressBlock> pools, int prefixLength)
        : this(pools, prefixLength, NumberPoolOrder.New, []) { }

    private SubnetPool(IReadOnlyList<AddressBlock> pools, int prefixLength, NumberPoolOrder order, IReadOnlyCollection<AddressBlock> held)
    {
        Validate(pools, prefixLength);
        _pools = [.. pools];
        PrefixLength = prefixLength;
        _firstNumbers = new int[_pools.Length + 1];
        for (var i = 0; i < _pools.Length; i++)
        {
            _firstNumbers[i + 1] = _firstNumbers[i] + (1 << (prefixLength - _pools[i].PrefixLength));
        }
        foreach (var block in held)
        {
            _held.Add(block);
        }
        _numbers = NumberPool.Restore(_firstNumbers[^1], order, _held.SelectMany(NumbersOf));
    }

    /// <summary>The size of a subnet that is given.</summary>
    public int PrefixLength { get; }

    /// <summary>How many subnets can still be given.</summary>
    public int Free => _numbers.Count - _numbers.Held;

    /// <summary>A pool in which the given subnets are held, and the free ones come in the captured order. Parameters as in the constructor.</summary>
    /// <param name="order">The order that <see cref="Capture"/> gave.</param>
    /// <param name="held">The subnets of all networks, chosen or given.</param>
    /// <exception cref="SwarmException">As the constructor.</exception>
    public static SubnetPool Restore(
        IReadOnlyList<AddressBlock> pools,
        int prefixLength,
        NumberPoolOrder order,
        IReadOnlyCollection<AddressBlock> held
    ) => new(pools, prefixLength, order, held);

    /// <summary>Gives a subnet that overlaps none that is held.</summary>
    /// <returns>Null: none is left.</returns>
    public AddressBlock? Take()
    {
        if (!_numbers.TryTake(out var number))
        {
            return null;
        }
        var block = BlockOf(number);
        _held.Add(block);
        return block;
    }

    /// <summary>Holds a subnet that was chosen, of any size and family, in the pools or not.</summary>
    /// <returns>A subnet that is held and overlaps it, and the chosen one is not held; null: it is held now.</returns>
    public AddressBlock? TryTake(AddressBlock block)
    {
        if (FindOverlap(block) is { } other)
        {
            return other;
        }
        _held.Add(block);
        foreach (var number in NumbersOf(block))
        {
            _numbers.TryTake(number);
        }
        return null;
    }

    /// <summary>Gives a subnet back.</summary>
    /// <returns>False: nobody holds it.</returns>
    public bool Return(AddressBlock block)
    {
        if (!_held.Remove(block))
        {
            return false;
        }
        foreach (var number in NumbersOf(block))
        {
            // Several chosen subnets can be smaller than one that is given, and lie in the same one.
            if (FindOverlap(BlockOf(number)) is null)
            {
                _numbers.Return(number);
            }
        }
        return true;
    }

    /// <summary>A subnet that is held and overlaps the block; null: there is none.</summary>
    public AddressBlock? FindOverlap(AddressBlock block)
    {
        // Held blocks do not overlap each other. So only the last one that begins at or before the block, and the first one after that, can.
        var start = AddressBlock.At(block.First, block.PrefixLength + block.HostBits, block.IsIPv6);
        var end = AddressBlock.At(block.Last, block.PrefixLength + block.HostBits, block.IsIPv6);
        foreach (var before in _held.GetViewBetween(AddressBlock.At(0, 0, block.IsIPv6), start).Reverse())
        {
            if (before.Overlaps(block))
            {
                return before;
            }
            break;
        }
        foreach (var after in _held.GetViewBetween(start, end))
        {
            return after;
        }
        return null;
    }

    /// <summary>The order of the free subnets, for <see cref="Restore"/>.</summary>
    public NumberPoolOrder Capture() => _numbers.Capture();

    private AddressBlock BlockOf(int number)
    {
        var pool = Array.BinarySearch(_firstNumbers, number);
        pool = pool >= 0 ? pool : ~pool - 1;
        var offset = (UInt128)(uint)(number - _firstNumbers[pool]);
        var bits = _pools[pool].HostBits - (PrefixLength - _pools[pool].PrefixLength);
        return AddressBlock.At(_pools[pool].First + (offset << bits), PrefixLength, _pools[pool].IsIPv6);
    }

    /// <summary>The numbers of the subnets that overlap a block.</summary>
    private IEnumerable<int> NumbersOf(AddressBlock block)
    {
        for (var i = 0; i < _pools.Length; i++)
        {
            var pool = _pools[i];
            if (!pool.Overlaps(block))
            {
                continue;
            }
            var bits = pool.HostBits - (PrefixLength - pool.PrefixLength);
            var first = (int)((UInt128.Max(block.First, pool.First) - pool.First) >> bits);
            var last = (int)((UInt128.Min(block.Last, pool.Last) - pool.First) >> bits);
            for (var number = first; number <= last; number++)
            {
                yield return _firstNumbers[i] + number;
            }
        }
    }

    private static void Validate(IReadOnlyList<AddressBlock> pools, int prefixLength)
    {
        ArgumentNullException.ThrowIfNull(pools);
        if (pools.Count == 0)
        {
            throw Refuse("A swarm needs an address pool.", "", "Name one, such as 10.128.0.0/9.");
        }
        long subnets = 0;
        for (var i = 0; i < pools.Count; i++)
        {
            var pool = pools[i];
            if (pool.IsIPv6 != pools[0].IsIPv6)
            {
                throw Refuse($"{pool} and {pools[0]} are of different families.", $"{pool}", "Name IPv4 pools or IPv6 pools.");
            }
            if (prefixLength < pool.PrefixLength || prefixLength > pool.PrefixLength + pool.HostBits)
            {
                throw Refuse(
                    $"{pool} cannot be cut into subnets of /{prefixLength}.",
                    $"{pool}",
                    $"Use a mask length from {pool.PrefixLength} to {pool.PrefixLength + pool.HostBits}."
                );
            }
            foreach (var other in pools.Take(i).Where(p => p.Overlaps(pool)))
            {
                throw Refuse($"The pools {other} and {pool} overlap.", $"{pool}", "Name pools that have no address in common.");
            }
            subnets += prefixLength - pool.PrefixLength > 24 ? long.MaxValue / 64 : 1L << (prefixLength - pool.PrefixLength);
            if (subnets > NumberPool.LargestCount)
            {
                throw Refuse(
                    $"{pool} has more than {NumberPool.LargestCount} subnets of /{prefixLength}.",
                    $"{pool}",
                    "Use a smaller pool, or larger subnets."
                );
            }
        }
    }

    private static SwarmException Refuse(string message, string target, string action) =>
        new(SwarmErrorKind.InvalidArgument, "InvalidAddressPool", message, target, action);
}
