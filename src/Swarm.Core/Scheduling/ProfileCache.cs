using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <summary>The placement profiles in use. The least recently used pools make room for others.</summary>
internal sealed class ProfileCache(NodeSet nodes)
{
    private readonly Dictionary<ProfileKey, LinkedListNode<PlacementProfile>> _byKey = [];
    private readonly LinkedList<PlacementProfile> _recent = [];

    /// <summary>A pool takes some 20 bytes a node, so all pools take at most some 40 MB. Only a swarm of a million nodes needs
    /// more.</summary>
    public static int PoolsKept(int nodeCount) => Math.Clamp(2_000_000 / Math.Max(nodeCount, 1), 8, 256);

    public PlacementProfile Of(ServiceSpec spec)
    {
        var key = ProfileKey.Of(spec);
        if (!_byKey.TryGetValue(key, out var entry))
        {
            _byKey[key] = entry = new LinkedListNode<PlacementProfile>(new PlacementProfile(key));
            _recent.AddFirst(entry);
            Trim();
        }
        else if (entry.List is null)
        {
            _recent.AddFirst(entry);
            Trim();
        }
        else if (!ReferenceEquals(_recent.First, entry))
        {
            _recent.Remove(entry);
            _recent.AddFirst(entry);
        }
        return entry.Value;
    }

    /// <summary>The profile's up-to-date pool.</summary>
    public CandidatePool PoolOf(PlacementProfile profile)
    {
        if (profile.Pool is null || !profile.Pool.CatchUp())
        {
            profile.Pool = new CandidatePool(profile, nodes);
        }
        return profile.Pool;
    }

    /// <summary>Called when no group waits for the profile any more. Removes the profile unless it was used recently.</summary>
    public void Release(PlacementProfile profile)
    {
        if (_byKey.TryGetValue(profile.Key, out var entry) && entry.List is null)
        {
            _byKey.Remove(profile.Key);
        }
    }

    public void Clear()
    {
        _byKey.Clear();
        _recent.Clear();
    }

    private void Trim()
    {
        var kept = PoolsKept(nodes.Count);
        while (_recent.Count > kept)
        {
            var last = _recent.Last!;
            _recent.RemoveLast();
            last.Value.Pool = null;
            if (last.Value.Blocked.Count == 0)
            {
                _byKey.Remove(last.Value.Key);
            }
        }
    }
}
