using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>All tasks of one slot of a replicated service, or of one node of a global one, oldest first.</summary>
public sealed class Slot(uint number, string? nodeId)
{
    /// <summary>By creation, for tasks of different slots.</summary>
    public static Comparison<SwarmTask> OldestFirst { get; } =
        static (a, b) => a.CreatedAt != b.CreatedAt ? a.CreatedAt.CompareTo(b.CreatedAt) : string.CompareOrdinal(a.Id, b.Id);

    /// <summary>The order within a slot. Moments decide only between tasks of earlier versions of swarmd and of Docker, which have no
    /// ordinal: the wall clock may be set back.</summary>
    public static Comparison<SwarmTask> InOrder { get; } =
        static (a, b) => a.Ordinal != b.Ordinal ? a.Ordinal.CompareTo(b.Ordinal) : OldestFirst(a, b);

    /// <summary>0 for global services.</summary>
    public uint Number { get; } = number;

    /// <summary>Null for replicated services.</summary>
    public string? NodeId { get; } = nodeId;
    public List<SwarmTask> Tasks { get; } = new(2);

    /// <summary>The current plan changes the slot already; further steps must wait for the outcome.</summary>
    public bool Touched { get; set; }

    public SwarmTask? Newest => Tasks.Count == 0 ? null : Tasks[^1];

    /// <summary>The slot's only task, if it needs no change and waits for nothing; this is by far the most common case.</summary>
    public SwarmTask? OnlyAndWell =>
        Tasks.Count == 1 && Tasks[0] is { DesiredState: TaskState.Running, Status.State: <= TaskState.Running } only ? only : null;

    /// <summary>The tasks that were not asked to end, whether they ended by themselves or not.</summary>
    public IEnumerable<SwarmTask> Active
    {
        get
        {
            foreach (var task in Tasks)
            {
                if (task.DesiredState <= TaskState.Running)
                {
                    yield return task;
                }
            }
        }
    }

    public SwarmTask? NewestActive
    {
        get
        {
            for (var i = Tasks.Count - 1; i >= 0; i--)
            {
                if (Tasks[i].DesiredState <= TaskState.Running)
                {
                    return Tasks[i];
                }
            }
            return null;
        }
    }
}
