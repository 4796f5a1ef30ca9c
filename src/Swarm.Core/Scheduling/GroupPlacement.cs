using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <summary>Chooses nodes, one after another, for tasks of one service revision.</summary>
/// <remarks>Nodes without tasks of the service stay in the pool's order. The others are few as a rule; they are set aside meanwhile and
/// kept in a
/// heap for each leaf. With spread preferences every task goes down the branches with the fewest tasks of the service. SwarmKit computes
/// shares of a whole group instead. Both give the same result where every branch has room; where branches were uneven before, this balances
/// better.</remarks>
internal sealed class GroupPlacement : IDisposable
{
    private readonly CandidatePool _pool;
    private readonly PlacementProfile _profile;
    private readonly NodeSet _nodes;
    private readonly ulong _maxReplicas;
    private readonly List<NodeInfo> _aside = [];
    private readonly int[] _tasks;
    private readonly PriorityQueue<NodeInfo, NodeKey>?[] _used;
    private readonly PriorityQueue<SpreadBranch, BranchKey>?[] _children;

    /// <param name="counts">Live tasks of the service by node; null: none.</param>
    /// <param name="failures">Nodes on which the revision failed often recently; null: none.</param>
    /// <param name="maxReplicas">Most tasks of the service on one node; 0: no limit.</param>
    public GroupPlacement(
        CandidatePool pool,
        PlacementProfile profile,
        NodeSet nodes,
        Dictionary<NodeInfo, int>? counts,
        Dictionary<NodeInfo, int>? failures,
        ulong maxReplicas
    )
    {
        _pool = pool;
        _profile = profile;
        _nodes = nodes;
        _maxReplicas = maxReplicas;
        _tasks = new int[pool.Branches];
        _used = new PriorityQueue<NodeInfo, NodeKey>?[pool.Branches];
        _children = new PriorityQueue<SpreadBranch, BranchKey>?[pool.Branches];
        foreach (var (node, count) in counts ?? [])
        {
            if (node.Node is not null)
            {
                for (var branch = pool.LeafOf(node); branch is not null; branch = branch.Parent)
                {
                    _tasks[branch.Index] += count;
                }
                SetAside(node, failures?.GetValueOrDefault(node) ?? 0, count);
            }
        }
        foreach (var (node, failed) in failures ?? [])
        {
            if (node.Node is not null && counts?.ContainsKey(node) is not true)
            {
                SetAside(node, failed, 0);
            }
        }
        Arrange(pool.Root);
    }

    /// <summary>The best node for the next task, or null. It counts the task on that node for the next call.</summary>
    public NodeInfo? Assign() => TryPeek(_pool.Root, out _) ? Take(_pool.Root, assign: true) : null;

    /// <summary>The best node that was not returned before, or null. It ranks nodes instead of assigning tasks.</summary>
    public NodeInfo? Next() => TryPeek(_pool.Root, out _) ? Take(_pool.Root, assign: false) : null;

    /// <summary>Returns the nodes that were set aside to the pool's order.</summary>
    public void Dispose()
    {
        foreach (var node in _aside)
        {
            _pool.Restore(node);
        }
        _aside.Clear();
    }

    private void SetAside(NodeInfo node, int failures, int count)
    {
        if (_pool.IsCandidate(node))
        {
            _pool.SetAside(node);
            _aside.Add(node);
            Offer(node, failures, count);
        }
    }

    /// <summary>Makes a node that is set aside available, unless the service has enough tasks on it.</summary>
    private void Offer(NodeInfo node, int failures, int count)
    {
        if (_maxReplicas == 0 || (ulong)count < _maxReplicas)
        {
            var heap = _used[_pool.LeafOf(node).Index] ??= new();
            heap.Enqueue(node, new NodeKey(failures, count, NodeOrder.Key(node)));
        }
    }

    private void Arrange(SpreadBranch branch)
    {
        if (branch.Order is not null)
        {
            return;
        }
        var queue = _children[branch.Index] = new();
        foreach (var child in branch.Children)
        {
            Arrange(child);
            Offer(queue, child);
        }
    }

    private void Offer(PriorityQueue<SpreadBranch, BranchKey> queue, SpreadBranch child)
    {
        if (TryPeek(child, out var choice))
        {
            queue.Enqueue(child, new BranchKey(_tasks[child.Index], choice));
        }
    }

    private bool TryPeek(SpreadBranch branch, out NodeKey choice)
    {
        if (branch.Order is null)
        {
            var any = _children[branch.Index]!.TryPeek(out _, out var key);
            choice = key.Choice;
            return any;
        }
        if (branch.Order.First != NodeOrder.None)
        {
            choice = new NodeKey(0, 0, branch.Order.First);
            return true;
        }
        choice = default;
        return _used[branch.Index]?.TryPeek(out _, out choice) ?? false;
    }

    private NodeInfo Take(SpreadBranch branch, bool assign)
    {
        if (branch.Order is null)
        {
            var queue = _children[branch.Index]!;
            var child = queue.Dequeue();
            var chosen = Take(child, assign);
            _tasks[child.Index]++;
            Offer(queue, child);
            return chosen;
        }
        NodeInfo? node;
        var key = default(NodeKey);
        if (branch.Order.First != NodeOrder.None)
        {
            node = _nodes.Ordered[NodeOrder.RankOf(branch.Order.First)];
            _pool.SetAside(node);
            _aside.Add(node);
        }
        else
        {
            _used[branch.Index]!.TryDequeue(out node, out key);
        }
        if (assign)
        {
            _nodes.Take(node!, _profile.Share);
            if (_profile.AcceptsLoad(node!))
            {
                Offer(node!, key.Failures, key.ServiceTasks + 1);
            }
        }
        return node!;
    }
}
