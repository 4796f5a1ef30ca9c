using System.Numerics;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>Keeps nodes in order while their keys change. The smallest key is known at once; a change takes logarithmic time.</summary>
/// <remarks>A tournament (winner) tree in one array: the parent of positions 2i and 2i+1 is i and holds the smaller key.</remarks>
internal sealed class NodeOrder
{
    /// <summary>The key of a node that must not be chosen.</summary>
    public const ulong None = ulong.MaxValue;

    private readonly ulong[] _keys;
    private readonly int _leaves;

    public NodeOrder(int count)
    {
        _leaves = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(count, 1));
        _keys = new ulong[2 * _leaves];
        Array.Fill(_keys, None);
    }

    private const int RankBits = 22;
    private const int LiveTaskBits = 22;
    private const int ServiceTaskBits = 64 - RankBits - LiveTaskBits;

    /// <summary>Fewest tasks of the service first, then fewest live tasks, then id order.</summary>
    /// <remarks>The key is a single number, so that a comparison is cheap. It has room for four million nodes, four million tasks on each,
    /// and a million of one service. Counts beyond that compare as equal.</remarks>
    public static ulong Key(NodeInfo node, int serviceTasks = 0) =>
        (Capped(serviceTasks, ServiceTaskBits) << (LiveTaskBits + RankBits))
        | (Capped(node.LiveTasks, LiveTaskBits) << RankBits)
        | (uint)node.Rank;

    public static int RankOf(ulong key) => (int)(key & ((1UL << RankBits) - 1));

    /// <summary>The smallest key, or <see cref="None"/>.</summary>
    public ulong First => _keys[1];

    public ulong this[int position] => _keys[_leaves + position];

    public void Set(int position, ulong key)
    {
        var at = _leaves + position;
        if (_keys[at] == key)
        {
            return;
        }
        _keys[at] = key;
        while (at > 1)
        {
            at >>= 1;
            var winner = Math.Min(_keys[2 * at], _keys[(2 * at) + 1]);
            if (_keys[at] == winner)
            {
                return;
            }
            _keys[at] = winner;
        }
    }

    /// <summary>Sets a key without looking upwards; <see cref="Rebuild"/> must follow.</summary>
    public void SetUnordered(int position, ulong key) => _keys[_leaves + position] = key;

    public void Rebuild()
    {
        for (var at = _leaves - 1; at > 0; at--)
        {
            _keys[at] = Math.Min(_keys[2 * at], _keys[(2 * at) + 1]);
        }
    }

    private static ulong Capped(int count, int bits) => Math.Min((ulong)count, (1UL << bits) - 2);
}
