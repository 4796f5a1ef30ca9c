using Swarm.Core.Constraints;
using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <summary>The nodes with the same value of a label, within the branch of the label before it. A leaf keeps its nodes in order.</summary>
internal sealed class SpreadBranch(SpreadBranch? parent, int index)
{
    private SortedDictionary<string, SpreadBranch>? _children;

    public SpreadBranch? Parent { get; } = parent;

    /// <summary>Position among all branches of the pool.</summary>
    public int Index { get; } = index;

    /// <summary>In ordinal order of the label's value.</summary>
    public IReadOnlyCollection<SpreadBranch> Children => _children is null ? [] : _children.Values;

    /// <summary>Nodes of a leaf while the pool is built.</summary>
    public int Size { get; set; }

    /// <summary>The nodes of a leaf; null for an inner branch.</summary>
    public NodeOrder? Order { get; set; }

    public SpreadBranch Child(string value, ref int branches)
    {
        _children ??= new(StringComparer.Ordinal);
        if (!_children.TryGetValue(value, out var child))
        {
            _children[value] = child = new SpreadBranch(this, branches++);
        }
        return child;
    }

    /// <summary>The leaf that the node belongs to.</summary>
    public SpreadBranch LeafFor(Node node, SpreadDescriptor[] spread, ref int branches)
    {
        var branch = this;
        foreach (var descriptor in spread)
        {
            branch = branch.Child(descriptor.ValueOf(node), ref branches);
        }
        return branch;
    }
}
