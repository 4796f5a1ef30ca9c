using System.Runtime.InteropServices;
using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>Tasks by one of their keys (service, node).</summary>
internal sealed class TaskIndex
{
    private readonly Dictionary<string, TaskSet> _sets = new(StringComparer.Ordinal);

    /// <summary>The tasks of one key. Do not enumerate them while the index changes.</summary>
    public IReadOnlyCollection<SwarmTask> Of(string key) => _sets.TryGetValue(key, out var set) ? set.Tasks : [];

    public int CountOf(string key) => _sets.TryGetValue(key, out var set) ? set.Count : 0;

    /// <inheritdoc cref="TaskSet.Put"/>
    public void Put(string key, SwarmTask? before, SwarmTask after) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_sets, key, out _).Put(before, after);

    public void Remove(string key, SwarmTask task)
    {
        ref var set = ref CollectionsMarshal.GetValueRefOrNullRef(_sets, key);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref set) && set.Remove(task) && set.Count == 0)
        {
            _sets.Remove(key);
        }
    }

    public void Clear() => _sets.Clear();
}
