using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Deletes tasks and revisions that are no longer needed, and marks the tasks of nodes that are gone.</summary>
/// <remarks>Source: moby/swarmkit manager/orchestrator/taskreaper. It reads applied state only: a later plan handles the tasks that this
/// plan ends.</remarks>
internal sealed class TaskReaper(PlanContext plan)
{
    public void Reap(ServiceView view)
    {
        foreach (var slot in view.Slots)
        {
            if (plan.IsFull())
            {
                return;
            }
            var kept = 0;
            foreach (var task in slot.Tasks)
            {
                kept += Bury(task) ? 0 : 1;
            }
            Prune(slot, kept, view);
        }
        PruneRevisions(view);
    }

    /// <summary>Ends and deletes the tasks of a removed service.</summary>
    public void ReapAll(IEnumerable<SwarmTask> tasks)
    {
        foreach (var task in tasks)
        {
            if (plan.IsFull())
            {
                return;
            }
            if (task.DesiredState < TaskState.Remove)
            {
                // A later plan deletes the ended ones: no task is deleted before it was asked to end.
                plan.End(task, TaskState.Remove);
            }
            else
            {
                Bury(task);
            }
        }
    }

    /// <summary>Deletes a task that was to be deleted and has ended, or that never reached a node. Marks it Orphaned if its node is gone, and Shutdown if its node left.
    /// Returns whether it was deleted.</summary>
    private bool Bury(SwarmTask task)
    {
        var ended = SwarmTask.IsTerminal(task.Status.State);
        var toEnd = task.DesiredState > TaskState.Running;
        if (plan.Options.Fault == InjectedFault.ReapLiveTasks && task.DesiredState == TaskState.Remove)
        {
            ended = true;
        }
        if (toEnd && !ended && task.Status.State < TaskState.Assigned || ended && task.DesiredState == TaskState.Remove)
        {
            plan.Changes.Add(new StateChange.TaskRemove(task.Id));
            return true;
        }
        if (ended || task.NodeId is null || task.Status.State < TaskState.Assigned)
        {
            return false;
        }
        var node = plan.State.FindNode(task.NodeId);
        if (node is null)
        {
            Observe(task, TaskState.Orphaned, "node is no longer in the swarm");
        }
        else if (node.Status.HasLeft)
        {
            if (toEnd)
            {
                // Its agent stopped the task and cannot report it any more.
                Observe(task, TaskState.Shutdown, "node left the swarm");
            }
        }
        else if (node.Status.State == NodeState.Down)
        {
            if (plan.IsOverHere(node.Id, node.Status.Since ?? node.UpdatedAt, plan.Options.OrphanAfter))
            {
                Observe(task, TaskState.Orphaned, "node has been down for too long");
            }
        }
        return false;
    }

    private void Observe(SwarmTask task, TaskState state, string message) =>
        plan.Changes.Add(new StateChange.TaskObserve(task.Id, task.Status with { State = state, Timestamp = plan.Now, Message = message }));

    /// <summary>Keeps a slot's tasks within the history limit; the running task counts, as in Docker.</summary>
    private void Prune(Slot slot, int kept, ServiceView view)
    {
        var limit = (plan.State.Cluster?.Settings ?? ClusterSettings.Default).TaskHistoryLimit;
        if (limit < 0)
        {
            return;
        }
        var restart = view.Service.Spec.Restart;
        if (restart.MaxAttempts > 0 && restart.Window > TimeSpan.Zero)
        {
            // These tasks are the record of the attempts within the window.
            limit = (int)Math.Min(int.MaxValue, Math.Max((ulong)limit, restart.MaxAttempts + 1));
        }
        if (kept <= limit)
        {
            return;
        }
        var finished = view.IsFinished(slot) ? slot.Newest : null;
        var rolling = Updater.IsRolling(view.Service.UpdateStatus);
        var failure = Updater.FailureIn(slot, view);
        foreach (var task in slot.Tasks)
        {
            if (kept <= limit)
            {
                return;
            }
            var isHistory = task.DesiredState is > TaskState.Running and < TaskState.Remove && SwarmTask.IsTerminal(task.Status.State);
            // The last task of a finished slot shows that it is finished. The failed task of an update shows that the update is done with
            // the slot.
            // The tasks of an update in progress show its progress.
            if (isHistory && task != finished && task != failure && !(rolling && Updater.IsOfUpdate(task, view.Service)))
            {
                plan.Changes.Add(new StateChange.TaskRemove(task.Id));
                kept--;
            }
        }
    }

    /// <summary>Deletes the oldest revisions beyond <see cref="ControlLoopOptions.RevisionsKept"/>, but none that a task or a rollback may
    /// need.</summary>
    private void PruneRevisions(ServiceView view)
    {
        var revisions = plan.State.RevisionsOf(view.Service.Id);
        var surplus = revisions.Count - plan.Options.RevisionsKept;
        if (surplus <= 0)
        {
            return;
        }
        var used = new HashSet<ulong>
        {
            view.Service.Revision,
            view.Service.PreviousRevision,
            TaskTemplates.PreviousRevision(plan.State, view.Service),
            view.Service.UpdateStatus?.Progress.FromRevision ?? 0,
        };
        foreach (var task in plan.State.TasksOfService(view.Service.Id))
        {
            used.Add(task.Revision);
        }
        foreach (var revision in revisions)
        {
            if (surplus == 0)
            {
                return;
            }
            if (!used.Contains(revision.Number))
            {
                plan.Changes.Add(new StateChange.RevisionRemove(revision.ServiceId, revision.Number));
                surplus--;
            }
        }
    }
}
