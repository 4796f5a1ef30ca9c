using System.Diagnostics.CodeAnalysis;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>A queue that holds each id at most once. It is first in, first out, so that no busy service starves the others.</summary>
internal sealed class DirtyQueue
{
    private readonly Queue<string> _order = new();
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);

    public int Count => _order.Count;

    public void Add(string id)
    {
        if (_members.Add(id))
        {
            _order.Enqueue(id);
        }
    }

    public bool TryTake([MaybeNullWhen(false)] out string id)
    {
        if (!_order.TryDequeue(out id))
        {
            return false;
        }
        _members.Remove(id);
        return true;
    }

    public void Clear()
    {
        _order.Clear();
        _members.Clear();
    }
}
