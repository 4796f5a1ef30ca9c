using System.Runtime.InteropServices;
using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>Tasks by one of their keys (service, node).</summary>
internal sealed class TaskIndex
{
    private readonly Dictionary<string, TaskSet> _sets = new(StringComparer.Ordinal);

    /// <summary>The tasks of one key. Not to be enumerated while the index changes.</summary>
    public IReadOnlyCollection<SwarmTask> Of(string key) => _sets.TryGetValue(key, out var set) ? set.Tasks : [];

    public int CountOf(string key) => _sets.TryGetValue(key, out var set) ? set.Count : 0;

    /// <summary>Adds the task, or puts it in the place of the one with its id.</summary>
    public void Set(string key, SwarmTask task) => CollectionsMarshal.GetValueRefOrAddDefault(_sets, key, out _).Set(task);

    public void Remove(string key, string taskId)
    {
        ref var set = ref CollectionsMarshal.GetValueRefOrNullRef(_sets, key);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref set) && set.Remove(taskId) && set.Count == 0)
        {
            _sets.Remove(key);
        }
    }

    public void Clear() => _sets.Clear();
}
