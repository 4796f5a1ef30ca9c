using System.Text.Json;
using System.Text.RegularExpressions;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.DockerSwarm.Specs;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Finds the task for whose failure an update was paused or rolled back, and why it failed. Docker's message names the task until the
/// rollback has completed, and never says why.</summary>
internal static partial class MirrorFailures
{
    /// <summary>The failure that belongs to the engine's status; null: there was none, or the engine has forgotten it.</summary>
    /// <param name="status">The status that the engine gives now.</param>
    /// <param name="before">The status that is shown, with its failure; null: none.</param>
    /// <param name="revision">The service's current revision, which a rollback has gone back to.</param>
    /// <param name="tasks">The service's tasks, see <see cref="TasksOf"/>.</param>
    public static UpdateFailure? Of(UpdateStatus status, UpdateStatus? before, ulong revision, IReadOnlyList<SwarmTask> tasks)
    {
        if (!MayHaveFailed(status))
        {
            return null;
        }
        // An update keeps its moment from its start to the end of its rollback.
        var known = before?.StartedAt == status.StartedAt ? before.Failure : null;
        var id = NamedTask(status) ?? known?.TaskId;
        if (id is null)
        {
            // This swarmd did not see the rollback begin. Its tasks tell a rollback for a failure from one that a user asked for: that one begins
            // after the last of them.
            return status.State == UpdateState.RollbackCompleted ? FailureBefore(status, revision, tasks) : null;
        }
        if (known?.TaskId == id && known.Error.Length > 0)
        {
            return known;
        }
        return tasks.FirstOrDefault(t => t.Id == id) is { } task && SwarmTask.IsTerminal(task.Status.State)
            ? UpdateFailure.Of(id, task.Status)
            : new UpdateFailure(id, "");
    }

    /// <summary>True when the status names a task whose end is not among what was read: tasks are read before services.</summary>
    public static bool IsUnexplained(UpdateStatus? status, IReadOnlyList<SwarmTask> tasks) =>
        status is not null
        && NamedTask(status) is { } id
        && tasks.FirstOrDefault(t => t.Id == id) is { } task
        && !SwarmTask.IsTerminal(task.Status.State);

    /// <summary>True for the states of an update or a rollback that a failed task may have caused.</summary>
    public static bool MayHaveFailed(UpdateStatus? status) =>
        status?.State is UpdateState.Paused or UpdateState.RollbackStarted or UpdateState.RollbackPaused or UpdateState.RollbackCompleted;

    /// <summary>The tasks of a service: those that the engine has listed now, in place of the same ones that are shown.</summary>
    /// <param name="listed">The engine's list of all tasks; undefined: it was not read.</param>
    public static List<SwarmTask> TasksOf(string serviceId, JsonElement listed, ClusterState shown, RevisionLedger ledger)
    {
        var tasks = shown.TasksOfService(serviceId).ToDictionary(static t => t.Id, StringComparer.Ordinal);
        if (listed.ValueKind != JsonValueKind.Array)
        {
            return [.. tasks.Values];
        }
        foreach (var task in listed.EnumerateArray().Where(t => DockerObjects.Text(t, "ServiceID") == serviceId))
        {
            var id = DockerObjects.Text(task, "ID");
            tasks[id] = new SwarmTask
            {
                Id = id,
                ServiceId = serviceId,
                Revision = MirrorSync.Template(task) is { } template
                    ? ledger.Find(serviceId, DockerServiceSpec.TemplateKey(template))?.Number ?? 0
                    : 0,
                Slot = 0,
                DesiredState = DockerObjects.TaskState(DockerObjects.Text(task, "DesiredState")),
                Status = DockerObjects.TaskStatus(task.GetProperty("Status")),
                CreatedAt = DockerObjects.Time(task, "CreatedAt"),
            };
        }
        return [.. tasks.Values];
    }

    private static UpdateFailure? FailureBefore(UpdateStatus status, ulong revision, IReadOnlyList<SwarmTask> tasks) =>
        tasks
            .Where(t =>
                t.Revision != revision
                && t.CreatedAt >= status.StartedAt
                && t.Status.State is TaskState.Failed or TaskState.Rejected or TaskState.Complete
            )
            .OrderBy(static t => t.Status.Timestamp)
            .Select(static t => UpdateFailure.Of(t.Id, t.Status))
            .LastOrDefault();

    private static string? NamedTask(UpdateStatus status) =>
        MayHaveFailed(status) && FailedTask().Match(status.Message) is { Success: true } match ? match.Groups[1].Value : null;

    // Source: moby/swarmkit manager/orchestrator/update/updater.go.
    [GeneratedRegex("due to failure or early termination of task ([0-9a-z]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex FailedTask();
}
