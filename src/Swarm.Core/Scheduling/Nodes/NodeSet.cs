using System.Runtime.InteropServices;
using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>All nodes in id order, with a log of changed nodes that each candidate pool reads at its own pace.</summary>
internal sealed class NodeSet
{
    private readonly Dictionary<string, NodeInfo> _byId = new(StringComparer.Ordinal);
    private readonly List<NodeInfo> _ordered = [];
    private readonly List<int> _log = [];
    private long _logStart;
    private bool _ranksAreStale;

    /// <summary>Raised whenever ranks are assigned anew: data kept by rank is then void.</summary>
    public int Generation { get; private set; }

    /// <summary>Number of the next entry of the log. Every change of a node or of its counts raises it.</summary>
    public long Sequence => _logStart + _log.Count;

    /// <summary>Nodes of the swarm in ordinal id order; an index is a rank. Valid after <see cref="Refresh"/>.</summary>
    public ReadOnlySpan<NodeInfo> Ordered => CollectionsMarshal.AsSpan(_ordered);

    public int Count => _ordered.Count;

    public NodeInfo? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>Counts of a node, known or not: a node that has left the swarm may still have tasks.</summary>
    public NodeInfo GetOrAdd(string id)
    {
        if (!_byId.TryGetValue(id, out var info))
        {
            _byId[id] = info = new NodeInfo(id);
        }
        return info;
    }

    /// <summary>Adds a node, or replaces its record.</summary>
    public NodeInfo Put(Node node)
    {
        var info = GetOrAdd(node.Id);
        _ranksAreStale |= info.Node is null;
        info.Node = node;
        Append(~info.Rank);
        return info;
    }

    public void Remove(string id)
    {
        if (_byId.TryGetValue(id, out var info) && info.Node is not null)
        {
            info.Node = null;
            info.Rank = -1;
            _ranksAreStale = true;
            Forget(info);
        }
    }

    /// <summary>Adds a live task with its share.</summary>
    public void Take(NodeInfo info, TaskShare share) => Adjust(info, 1, share, 1);

    /// <summary>Changes the counts of a node.</summary>
    /// <param name="liveTasks">The change of the number of live tasks.</param>
    /// <param name="sign">1: the share is taken; -1: it is given back.</param>
    public void Adjust(NodeInfo info, int liveTasks, TaskShare share, int sign)
    {
        info.LiveTasks += liveTasks;
        info.Adjust(share, sign);
        if (info.Node is null)
        {
            Forget(info);
        }
        else
        {
            Append(info.Rank);
        }
    }

    public void Clear()
    {
        _byId.Clear();
        _ordered.Clear();
        _log.Clear();
        _logStart = 0;
        _ranksAreStale = true;
    }

    /// <summary>Assigns ranks anew if nodes came or went.</summary>
    public void Refresh()
    {
        if (!_ranksAreStale)
        {
            return;
        }
        _ordered.Clear();
        foreach (var info in _byId.Values)
        {
            if (info.Node is not null)
            {
                _ordered.Add(info);
            }
        }
        // Ranks were ordinal before, so only new nodes are out of order. Ids are unique, so the result does not depend on the initial
        // order.
        _ordered.Sort(static (a, b) => string.CompareOrdinal(a.Id, b.Id));
        for (var i = 0; i < _ordered.Count; i++)
        {
            _ordered[i].Rank = i;
        }
        _ranksAreStale = false;
        Generation++;
        Truncate();
        // A removed node left no entry.
        _logStart++;
    }

    /// <summary>Entries from <paramref name="sequence"/> on: a rank (its counts changed) or its complement (its record changed).</summary>
    /// <returns>False when the log no longer reaches back that far.</returns>
    public bool TryReadLog(long sequence, out ReadOnlySpan<int> entries)
    {
        var from = sequence - _logStart;
        entries = from >= 0 ? CollectionsMarshal.AsSpan(_log)[(int)from..] : default;
        return from >= 0;
    }

    private void Append(int entry)
    {
        // With stale ranks every reader starts afresh anyway.
        if (_ranksAreStale)
        {
            _logStart++;
            return;
        }
        // Beyond a few times the nodes, looking at every node once is cheaper than following the log.
        if (_log.Count >= (4 * _ordered.Count) + 1024)
        {
            Truncate();
        }
        _log.Add(entry);
    }

    private void Truncate()
    {
        _logStart += _log.Count;
        _log.Clear();
    }

    private void Forget(NodeInfo info)
    {
        if (info is { Node: null, LiveTasks: 0, HoldsNoShare: true })
        {
            _byId.Remove(info.Id);
        }
    }
}
