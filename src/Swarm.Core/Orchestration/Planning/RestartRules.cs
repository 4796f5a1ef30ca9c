using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>Decides whether and when an ended task is replaced. All inputs are replicated, so a new leader continues where the old one
/// stopped.</summary>
/// <remarks>Condition, attempts and window are SwarmKit's (manager/orchestrator/restart). The back-off is ours. The first restart of a slot
/// comes
/// after the policy's delay. Each further one doubles the delay if the task failed within <see cref="StableAfter"/>, up to
/// <see cref="LongestDelay"/> (or the policy's own delay where that is longer). A task that lasted longer starts the series again.
/// Tasks lost with their node, drained or evicted are replaced at once and do not count as attempts.</remarks>
internal static class RestartRules
{
    /// <summary>A task that lasted this long after it was due to start did not fail quickly.</summary>
    public static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(1);

    /// <summary>The cap of the back-off, unless the policy's delay is longer.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>The delay of the second restart when the policy has no delay.</summary>
    public static readonly TimeSpan ShortestBackOff = TimeSpan.FromSeconds(1);

    /// <summary>True when the task ended without having been asked to.</summary>
    public static bool EndedByItself(SwarmTask task) => task.Status.State is TaskState.Complete or TaskState.Failed or TaskState.Rejected;

    /// <summary>True when the policy wants another task in the slot after this one.</summary>
    public static bool IsReplaced(SwarmTask task, Slot slot, RestartPolicy policy)
    {
        if (
            policy.Condition == RestartCondition.None
            || (policy.Condition == RestartCondition.OnFailure && task.Status.State == TaskState.Complete)
        )
        {
            return false;
        }
        if (policy.MaxAttempts == 0 || !EndedByItself(task))
        {
            return true;
        }
        if (policy.Window == TimeSpan.Zero)
        {
            return task.RestartCount < policy.MaxAttempts;
        }
        return AttemptsWithin(policy, task, slot) < policy.MaxAttempts;
    }

    /// <summary>The delay before the replacement of a task that ended by itself starts.</summary>
    public static TimeSpan NextDelay(PlanContext plan, SwarmTask ended, RestartPolicy policy)
    {
        if (ended.RestartCount == 0 || Lasted(plan, ended) >= StableAfter)
        {
            return policy.Delay;
        }
        var before = DelayOf(ended);
        var next = before > TimeSpan.Zero ? before * 2 : ShortestBackOff;
        var cap = policy.Delay > LongestDelay ? policy.Delay : LongestDelay;
        next = next < policy.Delay ? policy.Delay : next;
        return next < cap ? next : cap;
    }

    /// <summary>The <see cref="SwarmTask.RestartCount"/> of the task that replaces this one.</summary>
    public static uint NextRestartCount(SwarmTask task, ulong revision)
    {
        if (task.Revision != revision)
        {
            // Failures of another spec do not predict failures of this one.
            return 0;
        }
        return EndedByItself(task) ? task.RestartCount + 1 : task.RestartCount;
    }

    /// <summary>The restart delay that the task was made with.</summary>
    public static TimeSpan DelayOf(SwarmTask task) =>
        task.StartAfter is { } start && start > task.CreatedAt ? start - task.CreatedAt : TimeSpan.Zero;

    /// <summary>The time from the moment at which the task was due to start to its end.</summary>
    private static TimeSpan Lasted(PlanContext plan, SwarmTask ended) =>
        plan.MomentOf(ended.Id, SwarmTask.EndOf(ended)) - plan.MomentOf(ended.Id, ended.CreatedAt) - DelayOf(ended);

    /// <summary>Counts the restarts within the policy's window before the task's end. The part of a delay that the back-off added does not
    /// count as time: it would spread the attempts over any window.</summary>
    /// <remarks>Replicated stamps alone decide, because <see cref="Convergence"/> asks on every manager. The time between two tasks is never
    /// below zero: a clock that was set back does not bring old attempts into the window.</remarks>
    private static ulong AttemptsWithin(RestartPolicy policy, SwarmTask task, Slot slot)
    {
        var attempts = 0UL;
        var age = TimeSpan.Zero;
        var next = SwarmTask.EndOf(task);
        for (var i = slot.Tasks.Count - 1; i >= 0; i--)
        {
            var other = slot.Tasks[i];
            var backOff = Positive(DelayOf(other) - policy.Delay);
            age += Positive(next - other.CreatedAt - backOff);
            next = other.CreatedAt;
            attempts += age < policy.Window && IsFirstOfAttempt(slot, i, task.Revision) ? 1UL : 0UL;
        }
        return attempts;
    }

    /// <summary>True for the first task of a restart. The replacement for a task on a lost node keeps that task's count, and is no
    /// attempt.</summary>
    private static bool IsFirstOfAttempt(Slot slot, int index, ulong revision)
    {
        var task = slot.Tasks[index];
        if (task.Revision != revision || task.RestartCount == 0)
        {
            return false;
        }
        for (var i = 0; i < index; i++)
        {
            if (slot.Tasks[i].Revision == revision && slot.Tasks[i].RestartCount >= task.RestartCount)
            {
                return false;
            }
        }
        return true;
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
