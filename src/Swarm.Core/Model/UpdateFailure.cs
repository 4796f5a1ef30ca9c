namespace Swarm.Core.Model;

/// <summary>The task for whose failure an update was rolled back, or an update or a rollback was paused.</summary>
/// <param name="TaskId">The task. It may be deleted by now.</param>
/// <param name="Error">Why it failed: <c>No such image: redis:bad</c>. Empty: a Docker Swarm has not kept the task.</param>
public sealed record UpdateFailure(string TaskId, string Error)
{
    /// <summary>For a task that has ended.</summary>
    public static UpdateFailure Of(string taskId, TaskStatus status) => new(taskId, SwarmTask.ReasonOfEnd(status));
}
