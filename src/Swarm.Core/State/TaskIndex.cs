using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>Tasks by one of their keys (service, node).</summary>
internal sealed class TaskIndex
{
    private readonly Dictionary<string, Dictionary<string, SwarmTask>> _sets = new(StringComparer.Ordinal);

    public IReadOnlyCollection<SwarmTask> Of(string key) => _sets.TryGetValue(key, out var set) ? set.Values : [];

    public void Add(string key, SwarmTask task)
    {
        if (!_sets.TryGetValue(key, out var set))
        {
            _sets[key] = set = new(StringComparer.Ordinal);
        }
        set[task.Id] = task;
    }

    public void Remove(string key, SwarmTask task)
    {
        if (_sets.TryGetValue(key, out var set) && set.Remove(task.Id) && set.Count == 0)
        {
            _sets.Remove(key);
        }
    }

    public void Clear() => _sets.Clear();
}
