using System.Collections.Concurrent;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Objects of one kind as the engine has them, by id. It holds the versions that the state shows, and newer ones that it does not
/// show yet.</summary>
/// <remarks>A single thread writes; readers may come at any time.</remarks>
internal sealed class MirroredTable<T>
    where T : class, IMirrored
{
    private readonly ConcurrentDictionary<string, T> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, T> _next = new(StringComparer.Ordinal);

    public ICollection<string> Ids => _shown.Keys;

    public T? Find(string id) => _shown.GetValueOrDefault(id);

    /// <summary>Begins a new poll: objects of the last one that the state never showed are dropped.</summary>
    public void Begin() => _next.Clear();

    /// <returns>True when its version differs from the one that the state shows.</returns>
    public bool Learn(string id, T learned)
    {
        if (_shown.TryGetValue(id, out var before) && before.Version == learned.Version)
        {
            // Some changes make no new version, for example a change of the leader or of reachability.
            _shown[id] = learned;
            return false;
        }
        _next[id] = learned;
        return true;
    }

    /// <summary>Makes the version of the state visible.</summary>
    public void Show(string id, ulong version)
    {
        if (_next.TryGetValue(id, out var next) && next.Version == version)
        {
            _shown[id] = next;
        }
    }

    /// <summary>Removes an object that the state no longer shows.</summary>
    public void Remove(string id) => _shown.TryRemove(id, out _);

    public void Clear() => _shown.Clear();
}
