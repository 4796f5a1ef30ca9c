using System.Collections.Concurrent;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Objects of one kind as the engine has them, by id: those of the versions that the state shows, and those that it does not show yet.</summary>
/// <remarks>One thread learns; readers may come at any time.</remarks>
internal sealed class MirroredTable<T>
    where T : class, IMirrored
{
    private readonly ConcurrentDictionary<string, T> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, T> _next = new(StringComparer.Ordinal);

    public ICollection<string> Ids => _shown.Keys;

    public T? Find(string id) => _shown.GetValueOrDefault(id);

    /// <summary>A new look: what the last one learned and the state never showed is forgotten.</summary>
    public void Begin() => _next.Clear();

    /// <returns>Whether it is of another version than the state shows.</returns>
    public bool Learn(string id, T learned)
    {
        if (_shown.TryGetValue(id, out var before) && before.Version == learned.Version)
        {
            // Not everything makes a new version: who leads, for one, and who is reachable.
            _shown[id] = learned;
            return false;
        }
        _next[id] = learned;
        return true;
    }

    /// <summary>The state shows this version from now on.</summary>
    public void Show(string id, ulong version)
    {
        if (_next.TryGetValue(id, out var next) && next.Version == version)
        {
            _shown[id] = next;
        }
    }

    /// <summary>The state shows it no more.</summary>
    public void Remove(string id) => _shown.TryRemove(id, out _);

    public void Clear() => _shown.Clear();
}
