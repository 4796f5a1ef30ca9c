using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>Tasks by one of their keys (service, node). The index of a fork holds the tasks that the fork changed, and reads the others in its origin's.</summary>
/// <param name="origin">Null: not of a fork.</param>
/// <param name="tasks">The state's tasks, by which a fork knows those that it changed.</param>
internal sealed class TaskIndex(TaskIndex? origin, StateTable<SwarmTask> tasks)
{
    private readonly Dictionary<string, TaskSet> _sets = new(StringComparer.Ordinal);

    // Tasks of the origin that the fork changed, by the key that they have there.
    private readonly Dictionary<string, int>? _hidden = origin is null ? null : new(StringComparer.Ordinal);

    /// <summary>The tasks of one key. Do not enumerate them while the index changes.</summary>
    public IReadOnlyCollection<SwarmTask> Of(string key)
    {
        var own = _sets.TryGetValue(key, out var set) ? set.Tasks : [];
        if (origin is null)
        {
            return own;
        }
        return own.Count == 0 && !_hidden!.ContainsKey(key) ? origin.Of(key) : new ForkedTasks(origin.Of(key), own, tasks, CountOf(key));
    }

    public int CountOf(string key) =>
        (_sets.TryGetValue(key, out var set) ? set.Count : 0)
        + (origin is null ? 0 : origin.CountOf(key) - _hidden!.GetValueOrDefault(key));

    /// <inheritdoc cref="TaskSet.Put"/>
    public void Put(string key, SwarmTask? before, SwarmTask after) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_sets, key, out _).Put(before, after);

    public void Remove(string key, SwarmTask task)
    {
        ref var set = ref CollectionsMarshal.GetValueRefOrNullRef(_sets, key);
        if (!Unsafe.IsNullRef(ref set) && set.Remove(task) && set.Count == 0)
        {
            _sets.Remove(key);
        }
    }

    /// <summary>A task of the origin is the fork's from now on.</summary>
    public void Hide(string key) => CollectionsMarshal.GetValueRefOrAddDefault(_hidden!, key, out _)++;

    public void Clear() => _sets.Clear();
}
