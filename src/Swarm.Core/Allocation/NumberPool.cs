namespace Swarm.Core.Allocation;

/// <summary>Gives the numbers from 0 to a limit, each to one holder at a time. A number that was given back is used again as late as possible.
/// Numbers that nobody has had come first, and then those that were given back before it.</summary>
/// <remarks>
/// Deterministic: equal calls give equal numbers. Each call takes constant time, but for <see cref="TryTake(int)"/> of a returned number out of turn.
/// A pool is made again from <see cref="Capture"/> and the numbers that are held. Not thread-safe.
/// </remarks>
public sealed class NumberPool
{
    /// <summary>The most numbers of a pool. A bit is kept for each that was ever given.</summary>
    public const int LargestCount = 1 << 24;

    private readonly Queue<int> _returned = new();

    /// <summary>Returned numbers that were taken out of turn: they are not below the first fresh one.</summary>
    private readonly HashSet<int> _early = [];
    private ulong[] _held = [];
    private int _fresh;

    /// <param name="count">Numbers below it are given; at most <see cref="LargestCount"/>.</param>
    public NumberPool(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, LargestCount);
        Count = count;
    }

    /// <summary>The numbers of the pool: free and held ones.</summary>
    public int Count { get; }

    /// <summary>The numbers that are held.</summary>
    public int Held { get; private set; }

    public bool IsHeld(int number) => number >= 0 && number >> 6 < _held.Length && (_held[number >> 6] & (1ul << number)) != 0;

    /// <summary>Gives the number that nobody has had for the longest time.</summary>
    /// <returns>False: every number is held.</returns>
    public bool TryTake(out int number)
    {
        while (_fresh < Count && (IsHeld(_fresh) || _early.Remove(_fresh)))
        {
            _fresh++;
        }
        if (_fresh < Count)
        {
            number = _fresh++;
        }
        else if (!_returned.TryDequeue(out number))
        {
            return false;
        }
        Hold(number);
        return true;
    }

    /// <summary>Gives a certain number, out of turn.</summary>
    /// <returns>False: it is held, or not in the pool.</returns>
    public bool TryTake(int number)
    {
        if (number < 0 || number >= Count || IsHeld(number))
        {
            return false;
        }
        if (number == _fresh && !_early.Contains(number))
        {
            _fresh++;
        }
        else if (number < _fresh || _early.Remove(number))
        {
            Forget(number);
        }
        Hold(number);
        return true;
    }

    /// <summary>Gives a number back.</summary>
    /// <returns>False: nobody holds it.</returns>
    public bool Return(int number)
    {
        if (!IsHeld(number))
        {
            return false;
        }
        _held[number >> 6] &= ~(1ul << number);
        Held--;
        if (number >= _fresh)
        {
            _early.Add(number);
        }
        _returned.Enqueue(number);
        return true;
    }

    /// <summary>The order in which free numbers are given. The numbers that are held do not tell it.</summary>
    public NumberPoolOrder Capture() => new(_fresh, [.. _returned]);

    /// <summary>A pool in which the given numbers are held, and the others come in the captured order.</summary>
    /// <param name="count">As in the constructor. A pool may have become larger or smaller since.</param>
    /// <param name="order">The order that <see cref="Capture"/> gave.</param>
    /// <param name="held">The numbers that are held; those that are not in the pool are left out.</param>
    public static NumberPool Restore(int count, NumberPoolOrder order, IEnumerable<int> held)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentNullException.ThrowIfNull(held);
        var pool = new NumberPool(count) { _fresh = Math.Clamp(order.Fresh, 0, count) };
        foreach (var number in held)
        {
            if (number >= 0 && number < count && !pool.IsHeld(number))
            {
                pool.Hold(number);
            }
        }
        // A number is lost for ever if it is below the first fresh one, not held, and not among those that were given back.
        var seen = new HashSet<int>();
        foreach (var number in order.Returned)
        {
            if (number >= 0 && number < count && !pool.IsHeld(number) && seen.Add(number))
            {
                pool._returned.Enqueue(number);
                if (number >= pool._fresh)
                {
                    pool._early.Add(number);
                }
            }
        }
        for (var number = 0; number < pool._fresh; number++)
        {
            if (!pool.IsHeld(number) && !seen.Contains(number))
            {
                pool._returned.Enqueue(number);
            }
        }
        return pool;
    }

    private void Forget(int number)
    {
        if (_returned.Peek() == number)
        {
            _returned.Dequeue();
            return;
        }
        for (var left = _returned.Count; left > 0; left--)
        {
            var next = _returned.Dequeue();
            if (next != number)
            {
                _returned.Enqueue(next);
            }
        }
    }

    private void Hold(int number)
    {
        var word = number >> 6;
        if (word >= _held.Length)
        {
            Array.Resize(ref _held, Math.Min(Math.Max(word + 1, _held.Length * 2), (Count + 63) >> 6));
        }
        _held[word] |= 1ul << number;
        Held++;
    }
}
