using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>New attempts: revisions with the task template of the one before. A user makes one with an image or a registry credential.</summary>
/// <remarks>SwarmKit has the credential in the task's spec (PullOptions), and overlooks that it differs where the image is there already:
/// IsTaskDirty in moby/swarmkit manager/orchestrator/task.go. Here an attempt with the same credential also takes up what has failed.</remarks>
internal static class Attempts
{
    /// <summary>True when the attempt makes the task anew.</summary>
    /// <param name="task">A task of an earlier revision, whose template differs in its placement at most.</param>
    /// <param name="policy">Its restart policy.</param>
    /// <param name="otherCredential">The task was made with another registry credential than the attempt.</param>
    /// <param name="since">The moment of the attempt; null: it is being made.</param>
    public static bool TakesUp(SwarmTask task, RestartPolicy policy, bool otherCredential, DateTimeOffset? since)
    {
        if (WaitsForRestart(task))
        {
            return true;
        }
        if (!SwarmTask.IsTerminal(task.Status.State))
        {
            // A task without a node costs nothing. A task that is Ready has its image.
            return task.Status.State < TaskState.Assigned || (otherCredential && task.Status.State < TaskState.Ready);
        }
        var isDone = task.Status.State == TaskState.Complete && policy.Condition != RestartCondition.Any;
        if (isDone)
        {
            return false;
        }
        // The restart policy decides about a task that ends later, unless the attempt would have mended its pull.
        return since is not { } attempted || SwarmTask.EndOf(task) <= attempted || (otherCredential && task.RunningSince is null);
    }

    /// <summary>True when the service has tasks that an attempt of this moment would make anew.</summary>
    public static bool HasWork(ServiceView view, bool otherCredential)
    {
        foreach (var slot in view.Slots)
        {
            if (slot.NewestActive is null)
            {
                if (view.IsFinished(slot) && IsTried(slot.Newest!))
                {
                    return true;
                }
                continue;
            }
            foreach (var task in slot.Active)
            {
                // An attempt with the same credential would gain nothing for a task that waits for a node.
                if ((otherCredential || SwarmTask.IsTerminal(task.Status.State) || WaitsForRestart(task)) && IsTried(task))
                {
                    return true;
                }
            }
        }
        return false;

        bool IsTried(SwarmTask task) => TakesUp(task, view.RestartPolicyOf(task), otherCredential, null);
    }

    /// <summary>True while the task waits out the delay of its restart.</summary>
    private static bool WaitsForRestart(SwarmTask task) =>
        task.DesiredState < TaskState.Running && RestartRules.DelayOf(task) > TimeSpan.Zero;

    /// <summary>The moment of an attempt that begins now: not before the end of any task, even if the clock has stepped back.</summary>
    public static DateTimeOffset MomentOf(ServiceView view, DateTimeOffset now)
    {
        foreach (var slot in view.Slots)
        {
            foreach (var task in slot.Tasks)
            {
                if (SwarmTask.IsTerminal(task.Status.State) && SwarmTask.EndOf(task) > now)
                {
                    now = SwarmTask.EndOf(task);
                }
            }
        }
        return now;
    }
}
