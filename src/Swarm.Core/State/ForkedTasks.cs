using System.Collections;
using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>The tasks of one key in a fork: its origin's without those that the fork changed, and the fork's own.</summary>
internal sealed class ForkedTasks(
    IReadOnlyCollection<SwarmTask> origin,
    IReadOnlyCollection<SwarmTask> own,
    StateTable<SwarmTask> tasks,
    int count
) : IReadOnlyCollection<SwarmTask>
{
    public int Count => count;

    public IEnumerator<SwarmTask> GetEnumerator()
    {
        foreach (var task in origin)
        {
            if (!tasks.Overrides(task.Id))
            {
                yield return task;
            }
        }
        foreach (var task in own)
        {
            yield return task;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
