using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Scheduling;

/// <summary>Key of a group: the tasks of one revision. Tasks that were made for a certain node have a group per node.</summary>
internal readonly record struct GroupKey(string ServiceId, ulong Revision, string? NodeId)
{
    public static GroupKey Of(SwarmTask task) => new(task.ServiceId, task.Revision, task.NodeId);
}

/// <summary>Tasks of one revision that have no node yet (or whose node has not been confirmed yet).</summary>
internal sealed class PendingGroup(GroupKey key)
{
    private TaskSet _tasks;

    public GroupKey Key { get; } = key;

    public int Count => _tasks.Count;

    /// <summary>Tasks that took over from others come first: the room of those is theirs. Then in slot order, then id order.</summary>
    public SwarmTask[] Tasks
    {
        get
        {
            var tasks = _tasks.ToArray();
            if (tasks.Length > 1)
            {
                Array.Sort(
                    tasks,
                    static (a, b) =>
                        a.TakesOver != b.TakesOver ? b.TakesOver.CompareTo(a.TakesOver)
                        : a.Slot != b.Slot ? a.Slot.CompareTo(b.Slot)
                        : string.CompareOrdinal(a.Id, b.Id)
                );
            }
            return tasks;
        }
    }

    /// <summary>The group is in the queue.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Assignments that the scheduler returned and has not seen applied yet.</summary>
    public int Unconfirmed { get; set; }

    /// <summary>Set while the group waits for the cause of a refusal to end.</summary>
    public LinkedListNode<PendingGroup>? BlockedEntry { get; set; }

    public PlacementProfile? BlockedProfile { get; set; }

    /// <summary>The group also waits for a task of its own service to end.</summary>
    public bool IsBlockedByMaxReplicas { get; set; }

    /// <returns>True when the group did not hold the task before.</returns>
    public bool Set(SwarmTask task) => _tasks.Set(task);

    public bool Remove(string taskId) => _tasks.Remove(taskId);
}
