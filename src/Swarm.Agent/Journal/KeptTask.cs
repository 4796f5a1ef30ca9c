using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent.Journal;

/// <summary>A task as the journal is to hold it. Guarded by the store's lock.</summary>
internal sealed class KeptTask(V1.TaskAssignment assignment, TaskStatus status)
{
    /// <summary>Never changed once it is here.</summary>
    public V1.TaskAssignment Assignment { get; set; } = assignment;
    public TaskStatus Status { get; set; } = status;

    /// <summary>The assignment that the file holds; null: it holds none of this task.</summary>
    public V1.TaskAssignment? Written { get; set; }
}
