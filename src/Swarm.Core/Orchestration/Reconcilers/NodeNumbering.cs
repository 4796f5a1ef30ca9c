using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Gives a number to each node that has none: an earlier swarmd created it, or two nodes joined in one batch.</summary>
/// <remarks>A fork gets none: a preview shows no numbers, and the mirror of a Docker Swarm has none.</remarks>
internal sealed class NodeNumbering(ClusterState state)
{
    private readonly SortedSet<string> _waiting = new(StringComparer.Ordinal);

    public bool HasWork => _waiting.Count > 0;

    /// <summary>Finds the nodes without a number anew.</summary>
    public void Reset()
    {
        _waiting.Clear();
        if (!state.IsFork)
        {
            _waiting.UnionWith(state.Nodes.Where(static n => n.Number == 0).Select(static n => n.Id));
        }
    }

    public void Observe(Node? before, Node? after)
    {
        if (state.IsFork)
        {
            return;
        }
        if (after is null)
        {
            _waiting.Remove(before!.Id);
            if (before.Number != 0)
            {
                // Its number may be the only free one.
                Reset();
            }
        }
        else if (after.Number != 0)
        {
            _waiting.Remove(after.Id);
        }
        else if (before is null)
        {
            _waiting.Add(after.Id);
        }
    }

    /// <summary>Adds the changes. A node for which no number is left waits until another node is removed.</summary>
    public void Plan(List<StateChange> changes)
    {
        if (_waiting.Count == 0)
        {
            return;
        }
        var pools = state.CopyPools();
        foreach (var id in _waiting)
        {
            if (pools.TakeNodeNumber() is > 0 and var number)
            {
                changes.Add(new StateChange.NodeNumberSet(id, number));
            }
        }
        _waiting.Clear();
    }
}
