using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Keeps one slot alive: replaces tasks that ended or lost their node, and starts tasks whose delay is over.
/// Where a slot has two tasks, it leaves one of them running.</summary>
internal sealed class SlotReconciler(PlanContext plan, ServiceView view, Func<SwarmTask, bool> isWithoutRoom)
{
    /// <summary>The reason why a task cannot go on.</summary>
    private enum Fate
    {
        GoesOn,

        /// <summary>The task ended by itself: restart policy and delay apply.</summary>
        Ended,

        /// <summary>The node is lost or drained, or no longer suits the task: the task is replaced at once.</summary>
        Displaced,
    }

    /// <summary>Replaces ended and displaced tasks, and removes surplus ones.</summary>
    public void Heal(Slot slot)
    {
        var newest = slot.NewestActive;
        if (newest is null || (slot.OnlyAndWell is { } only && FateOf(only) == Fate.GoesOn))
        {
            return;
        }
        var otherStops = false;
        // All fates come before the first change: a slot that the plan changes asks for no room elsewhere.
        foreach (var (task, fate) in slot.Active.Select(t => (t, FateOf(t))).ToList())
        {
            if (fate == Fate.GoesOn)
            {
                continue;
            }
            if (task != newest)
            {
                // A start-first update already has its successor in the slot.
                slot.Touched = true;
                plan.End(task, TaskState.Shutdown);
                otherStops |= plan.MayRun(task);
            }
            else
            {
                Replace(task, slot, fate, otherStops);
            }
        }
        EndSurplus(slot);
    }

    /// <summary>Moves waiting tasks from desired Ready to Running once their delay is over and the task before them has stopped.</summary>
    public void Promote(Slot slot)
    {
        if (slot.Touched || slot.OnlyAndWell is not null)
        {
            return;
        }
        foreach (var task in slot.Active)
        {
            if (task.DesiredState < TaskState.Running && !SwarmTask.IsTerminal(task.Status.State) && IsDue(task, slot))
            {
                var isOutdated = view.IsDirty(task) && slot.Active.Take(2).Count() == 1 && TakesNew(task);
                if (isOutdated && view.IsStranded(task))
                {
                    // It does not start any more, and its successor could go nowhere else.
                    continue;
                }
                slot.Touched = true;
                if (isOutdated)
                {
                    // A newer revision came before the start: that one is started.
                    plan.End(task, TaskState.Shutdown);
                    var waits = plan.MayRun(task);
                    plan.Create(view.Service, slot, waits, ofUpdate: Updater.IsRolling(view.Service.UpdateStatus), takesOver: waits);
                    continue;
                }
                // A task without a node is not deleted here, as End would do: its successor would begin at restart count 0.
                plan.Changes.Add(new StateChange.TaskDesire(task.Id, TaskState.Running));
            }
        }
    }

    /// <summary>Ends every active task of the slot without a replacement.</summary>
    public void EndAll(Slot slot, TaskState desired)
    {
        foreach (var task in slot.Tasks)
        {
            if (task.DesiredState <= TaskState.Running || desired == TaskState.Remove)
            {
                slot.Touched |= task.DesiredState < desired;
                if (task.DesiredState < desired)
                {
                    plan.End(task, desired);
                }
            }
        }
    }

    private Fate FateOf(SwarmTask task)
    {
        if (SwarmTask.IsTerminal(task.Status.State))
        {
            return Fate.Ended;
        }
        if (task.NodeId is null)
        {
            return Fate.GoesOn;
        }
        var node = plan.NodeOf(task);
        if (plan.Options.Fault == InjectedFault.KeepSlotsOfDownNode && node?.Status.State == NodeState.Down)
        {
            return Fate.GoesOn;
        }
        // A global task is not replaced elsewhere: on a node that is down it waits for the node's return (see GlobalReconciler).
        // A replacement that could go nowhere else would wait for the same node, and the task would be stopped for nothing.
        var displaced = !view.IsGlobal && NodeHealth.IsInvalid(node) && !view.IsStranded(task);
        return displaced || isWithoutRoom(task) || ConstraintEnforcer.IsForbidden(plan, view, task) ? Fate.Displaced : Fate.GoesOn;
    }

    /// <param name="task">The newest active task of the slot.</param>
    /// <param name="slot">Its slot.</param>
    /// <param name="fate">Why it cannot go on.</param>
    /// <param name="otherStops">This plan stops an older task of the slot.</param>
    private void Replace(SwarmTask task, Slot slot, Fate fate, bool otherStops)
    {
        var policy = view.RestartPolicyOf(task);
        if (!RestartRules.IsReplaced(task, slot, policy))
        {
            slot.Touched = true;
            plan.End(task, TaskState.Shutdown);
            return;
        }
        // The task ended before its turn (no such image). Its replacement waits for that turn; a slot of rejected tasks would restart in a
        // tight loop.
        if (fate == Fate.Ended && task.DesiredState < TaskState.Running && !IsDue(task, slot))
        {
            return;
        }
        slot.Touched = true;
        plan.End(task, TaskState.Shutdown);
        TimeSpan? delay = fate == Fate.Ended ? RestartRules.NextDelay(plan, task, policy) : null;
        if (delay == TimeSpan.Zero)
        {
            delay = null;
        }
        var count = RestartRules.NextRestartCount(task, view.Service.Revision);
        // A task of an update that only lost its node is replaced as a task of that update.
        var ofUpdate = fate == Fate.Displaced && Updater.IsOfUpdate(task, view.Service);
        // The place that the update took for it is its successor's, unless it went with the node.
        var takesOver =
            ofUpdate
            && task.TakesOver
            && Updater.IsUnfinished(view.Service.UpdateStatus)
            && !NodeHealth.IsInvalid(plan.NodeOf(task))
            && plan.Options.Fault != InjectedFault.ForgetTakenOver;
        var waits = otherStops || slot.Tasks.Exists(t => (t == task || plan.IsStopping(t)) && plan.MayRun(t));
        plan.Create(view.Service, slot, waits, delay, count, ofUpdate, takesOver);
        if (plan.Options.Fault == InjectedFault.DoubleRestart && fate == Fate.Ended)
        {
            plan.Create(view.Service, slot, waits, delay, count, ofUpdate, takesOver);
        }
    }

    /// <summary>Ends the superfluous tasks of a slot with more than one active task (a start-first update).</summary>
    public void EndSurplus(Slot slot)
    {
        if (slot.Touched)
        {
            return;
        }
        SwarmTask? cleanRunning = null;
        SwarmTask? clean = null;
        SwarmTask? dirtyRunning = null;
        SwarmTask? dirty = null;
        var count = 0;
        foreach (var task in slot.Active)
        {
            count++;
            var running = task.Status.State == TaskState.Running;
            if (view.IsDirty(task))
            {
                dirty = task;
                dirtyRunning = running ? task : dirtyRunning;
            }
            else
            {
                clean = task;
                cleanRunning = running ? task : cleanRunning;
            }
        }
        if (count < 2)
        {
            return;
        }
        var keep = cleanRunning ?? clean ?? dirtyRunning ?? dirty;
        // The old task serves until the new one runs.
        var keepToo = cleanRunning is null && clean is not null ? dirtyRunning : null;
        foreach (var task in slot.Active)
        {
            if (task != keep && task != keepToo)
            {
                slot.Touched = true;
                plan.End(task, TaskState.Shutdown);
            }
        }
    }

    /// <summary>A global service gets no new task on a node that is down or paused.</summary>
    private bool TakesNew(SwarmTask task) =>
        !view.IsGlobal || plan.NodeOf(task) is { Status.State: NodeState.Ready, Spec.Availability: NodeAvailability.Active };

    private bool IsDue(SwarmTask task, Slot slot)
    {
        var delay = RestartRules.DelayOf(task);
        if (delay > TimeSpan.Zero && !plan.IsOver(task.Id, task.CreatedAt, delay))
        {
            return false;
        }
        if (plan.Options.Fault == InjectedFault.StartBeforeStopped)
        {
            return true;
        }
        foreach (var other in slot.Tasks)
        {
            if (other != task && plan.IsStopping(other))
            {
                var grace = (view.SpecOf(other) ?? view.Service.Spec).Container.StopGracePeriod;
                // Two tasks of one slot would run.
                if (!plan.IsOverHere(task.Id, task.CreatedAt, delay + grace + plan.Options.StopTimeout))
                {
                    return false;
                }
            }
        }
        return true;
    }
}
