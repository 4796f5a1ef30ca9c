using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Scheduling;

/// <summary>Key of a group: tasks of one revision, and of one node when they were made for it.</summary>
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

    /// <summary>In slot order, then id order.</summary>
    public SwarmTask[] Tasks
    {
        get
        {
            var tasks = _tasks.ToArray();
            if (tasks.Length > 1)
            {
                Array.Sort(tasks, static (a, b) => a.Slot != b.Slot ? a.Slot.CompareTo(b.Slot) : string.CompareOrdinal(a.Id, b.Id));
            }
            return tasks;
        }
    }

    /// <summary>It waits for its turn.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Assignments that were put out and have not been seen applied.</summary>
    public int Unconfirmed { get; set; }

    /// <summary>Set while it waits for a reason to go.</summary>
    public LinkedListNode<PendingGroup>? BlockedEntry { get; set; }

    public PlacementProfile? BlockedProfile { get; set; }

    /// <summary>It also waits for a task of its own service to go.</summary>
    public bool IsBlockedByMaxReplicas { get; set; }

    /// <returns>True when the task is new here.</returns>
    public bool Set(SwarmTask task) => _tasks.Set(task);

    public bool Remove(string taskId) => _tasks.Remove(taskId);
}
