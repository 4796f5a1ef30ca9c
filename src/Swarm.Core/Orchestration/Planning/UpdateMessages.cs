namespace Swarm.Core.Orchestration.Planning;

/// <summary>Docker's messages for the states of an update. Source: moby/swarmkit manager/orchestrator/update/updater.go and
/// controlapi/service.go.</summary>
internal static class UpdateMessages
{
    public const string InProgress = "update in progress";
    public const string Completed = "update completed";
    public const string RollbackCompleted = "rollback completed";
    public const string RollbackRequested = "manually requested rollback";

    public static string Paused(string taskId) => $"update paused due to failure or early termination of task {taskId}";

    public static string RolledBack(string taskId) => $"update rolled back due to failure or early termination of task {taskId}";

    public static string RollbackPaused(string taskId) => $"rollback paused due to failure or early termination of task {taskId}";
}
