using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <summary>The nodes of one profile in the order of choice for a service without tasks (or for one certain large service). Each leaf of
/// the profile's spread tree has an order of its own.</summary>
internal sealed class CandidatePool
{
    private readonly PlacementProfile _profile;
    private readonly NodeSet _nodes;
    private readonly Dictionary<NodeInfo, int>? _counts;
    private readonly ulong _maxReplicas;
    private readonly int _generation;
    private readonly bool[] _recordAccepted;

    // Null without spread preferences: there is one leaf, and the position in it is the rank.
    private readonly SpreadBranch[]? _leafByRank;
    private readonly int[]? _positionByRank;
    private long _read;

    /// <param name="counts">Live tasks of the pool's own service; null: the pool is for all services. Their owner updates them together
    /// with the nodes' counts.</param>
    /// <param name="maxReplicas">Most tasks of that service on one node; 0: no limit.</param>
    public CandidatePool(PlacementProfile profile, NodeSet nodes, Dictionary<NodeInfo, int>? counts = null, ulong maxReplicas = 0)
    {
        _profile = profile;
        _nodes = nodes;
        _counts = counts;
        _maxReplicas = maxReplicas;
        _generation = nodes.Generation;
        _recordAccepted = new bool[nodes.Count];
        Root = new SpreadBranch(null, 0);
        var branches = 1;
        if (profile.Spread.Length == 0 || nodes.Count == 0)
        {
            Root.Size = nodes.Count;
            Root.Order = new NodeOrder(nodes.Count);
        }
        else
        {
            _leafByRank = new SpreadBranch[nodes.Count];
            _positionByRank = new int[nodes.Count];
            for (var rank = 0; rank < nodes.Count; rank++)
            {
                var leaf = Root.LeafFor(nodes.Ordered[rank].Node!, profile.Spread, ref branches);
                _leafByRank[rank] = leaf;
                _positionByRank[rank] = leaf.Size++;
            }
            foreach (var leaf in _leafByRank)
            {
                leaf.Order ??= new NodeOrder(leaf.Size);
            }
        }
        Branches = branches;
        ReadAll();
    }

    public SpreadBranch Root { get; }

    /// <summary>How many branches there are, the root included.</summary>
    public int Branches { get; }

    public SpreadBranch LeafOf(NodeInfo node) => _leafByRank is null ? Root : _leafByRank[node.Rank];

    /// <summary>True when the pipeline accepts the node and it is not set aside.</summary>
    public bool IsCandidate(NodeInfo node) => LeafOf(node).Order![PositionOf(node)] != NodeOrder.None;

    /// <summary>Takes the node out of the order until <see cref="Restore"/>.</summary>
    public void SetAside(NodeInfo node) => LeafOf(node).Order!.Set(PositionOf(node), NodeOrder.None);

    /// <summary>Returns the node to the order at the place that its present counts give.</summary>
    public void Restore(NodeInfo node) => LeafOf(node).Order!.Set(PositionOf(node), KeyOf(node));

    /// <summary>Applies the changes since the last call.</summary>
    /// <returns>False when the pool must be built anew: nodes came or went, or one moved to another branch.</returns>
    public bool CatchUp()
    {
        if (_generation != _nodes.Generation)
        {
            return false;
        }
        if (!_nodes.TryReadLog(_read, out var entries))
        {
            return IsInItsBranch(_nodes.Ordered) && ReadAll();
        }
        foreach (var entry in entries)
        {
            var node = _nodes.Ordered[entry < 0 ? ~entry : entry];
            if (entry < 0)
            {
                if (!IsInItsBranch([node]))
                {
                    return false;
                }
                _recordAccepted[node.Rank] = _profile.AcceptsRecord(node);
            }
            LeafOf(node).Order!.Set(PositionOf(node), KeyOf(node));
        }
        _read = _nodes.Sequence;
        return true;
    }

    private bool ReadAll()
    {
        foreach (var node in _nodes.Ordered)
        {
            _recordAccepted[node.Rank] = _profile.AcceptsRecord(node);
            LeafOf(node).Order!.SetUnordered(PositionOf(node), KeyOf(node));
        }
        if (_leafByRank is null)
        {
            Root.Order!.Rebuild();
        }
        else
        {
            Rebuild(Root);
        }
        _read = _nodes.Sequence;
        return true;
    }

    private static void Rebuild(SpreadBranch branch)
    {
        branch.Order?.Rebuild();
        foreach (var child in branch.Children)
        {
            Rebuild(child);
        }
    }

    private bool IsInItsBranch(ReadOnlySpan<NodeInfo> nodes)
    {
        if (_leafByRank is null)
        {
            return true;
        }
        foreach (var node in nodes)
        {
            var branches = Branches;
            if (Root.LeafFor(node.Node!, _profile.Spread, ref branches) != _leafByRank[node.Rank])
            {
                return false;
            }
        }
        return true;
    }

    private int PositionOf(NodeInfo node) => _positionByRank is null ? node.Rank : _positionByRank[node.Rank];

    private ulong KeyOf(NodeInfo node)
    {
        if (!_recordAccepted[node.Rank] || !_profile.AcceptsLoad(node))
        {
            return NodeOrder.None;
        }
        var count = _counts?.GetValueOrDefault(node) ?? 0;
        return _maxReplicas > 0 && (ulong)count >= _maxReplicas ? NodeOrder.None : NodeOrder.Key(node, count);
    }
}
