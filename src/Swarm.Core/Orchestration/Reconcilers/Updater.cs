using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Rolling updates and rollbacks.</summary>
/// <remarks>SwarmKit's updater (manager/orchestrator/update) keeps its workers, timers and failure counts in the leader's memory. Here the
/// tasks and
/// <see cref="UpdateStatus"/> hold all of them, so that a new leader continues in the middle. A slot is busy until the update's task for it
/// runs, and for the delay thereafter. A slot has failed when that task ended before it ran, or within the monitor period after.</remarks>
internal sealed class Updater(PlanContext plan, ServiceView view)
{
    /// <summary>SwarmKit monitors for this much longer than the delay when the delay is not shorter than the monitor period (updater.go).</summary>
    private static readonly TimeSpan AfterDelay = TimeSpan.FromSeconds(1);

    private readonly Service _service = view.Service;

    /// <summary>True for a task that the service's update in progress made for a slot; false for one made by scaling or a restart.</summary>
    /// <remarks>New attempts in the course of an update give it further revisions and numbers. An earlier swarmd marked the tasks by
    /// <see cref="SwarmTask.StartAfter"/> equal to the moment of creation.</remarks>
    public static bool IsOfUpdate(SwarmTask task, Service service)
    {
        if (service.UpdateStatus is not { } status || task.RestartCount > 0)
        {
            return false;
        }
        if (task.Revision != service.Revision)
        {
            return status.Progress.FirstNumber is > 0 and var first && task.Update >= first && task.Update < status.Number;
        }
        return status.Number > 0 ? task.Update == status.Number : task.StartAfter == task.CreatedAt && task.CreatedAt >= status.StartedAt;
    }

    /// <summary>True while an update or rollback is in progress, neither paused nor complete.</summary>
    public static bool IsRolling(UpdateStatus? status) => status?.State is UpdateState.Updating or UpdateState.RollbackStarted;

    /// <summary>True while an update or rollback has yet to replace tasks: it is in progress or paused.</summary>
    public static bool IsUnfinished(UpdateStatus? status) =>
        IsRolling(status) || status?.State is UpdateState.Paused or UpdateState.RollbackPaused;

    /// <summary>The task of the current or last update that ended by itself in a slot where only tasks of older specs are left; otherwise
    /// null. A new attempt takes up what has failed before it.</summary>
    /// <remarks>The update is done with such a slot. A task that the restart policy does not restart is not tried again, and the old task
    /// of a
    /// start-first update goes on. A new spec takes the slot up again. SwarmKit's updater visits each slot once as well.</remarks>
    public static SwarmTask? FailureIn(Slot slot, ServiceView view)
    {
        SwarmTask? failed = null;
        var anyActive = false;
        foreach (var task in slot.Tasks)
        {
            if (task.DesiredState <= TaskState.Running)
            {
                if (!view.IsDirty(task))
                {
                    return null;
                }
                anyActive = true;
            }
            else if (RestartRules.EndedByItself(task) && IsOfUpdate(task, view.Service) && !view.IsDirty(task))
            {
                failed = task;
            }
        }
        return anyActive ? failed : null;
    }

    /// <summary>Advances the update as far as it may go now.</summary>
    /// <param name="slots">The slots that belong to the service and may be updated.</param>
    public void Run(List<Slot> slots)
    {
        var dirty = slots.FindAll(IsDirty);
        ReplaceUnplaced(dirty);
        switch (_service.UpdateStatus?.State ?? UpdateState.None)
        {
            case UpdateState.None when dirty.Count > 0:
                Start(dirty.Count);
                break;
            case UpdateState.Updating or UpdateState.RollbackStarted:
                Roll(slots, dirty);
                break;
            case UpdateState.Completed or UpdateState.RollbackCompleted:
                // A completed update left these slots: their node was down or paused, or no longer satisfies the constraints of the new
                // spec.
                foreach (var slot in dirty)
                {
                    if (!slot.Touched && !plan.IsFull() && !IsStranded(slot))
                    {
                        Replace(slot, UpdateOrder.StopFirst);
                    }
                }
                break;
            default:
                break;
        }
    }

    /// <summary>True while the update has yet to take the slot up: no task is of the current spec, and the update has not failed
    /// there.</summary>
    private bool IsDirty(Slot slot)
    {
        var any = false;
        foreach (var task in slot.Active)
        {
            if (!view.IsDirty(task))
            {
                return false;
            }
            any = true;
        }
        return any ? FailureIn(slot, view) is null : view.IsFinished(slot) && view.IsDirty(slot.Newest!);
    }

    private void Start(int total) =>
        SetStatus(
            new UpdateStatus
            {
                State = UpdateState.Updating,
                Number = _service.Version,
                StartedAt = plan.Now,
                Message = UpdateMessages.InProgress,
                Progress = new UpdateProgress { Total = (ulong)total, FromRevision = _service.PreviousRevision },
            }
        );

    private void Roll(List<Slot> slots, List<Slot> dirty)
    {
        var status = _service.UpdateStatus!;
        var config = status.State == UpdateState.RollbackStarted ? _service.Spec.Rollback : _service.Spec.Update;
        if (plan.Options.Fault == InjectedFault.RollBackInOrderOfUpdate)
        {
            config = config with { Order = _service.Spec.Update.Order };
        }
        var made = MadeByUpdate();
        // A task that a new attempt makes anew is no failure of the update.
        var failures = made.FindAll(t => HasFailed(t, config) && !view.IsDirty(t));
        var progress = status.Progress with
        {
            Total = status.Progress.Total > 0 ? status.Progress.Total : (ulong)dirty.Count,
            Failed = Math.Max(status.Progress.Failed, CountSlots(failures)),
        };
        if (failures.Count > 0 && config.FailureAction != FailureAction.Continue)
        {
            var ratio = (double)progress.Failed / Math.Max(progress.Total, 1);
            if (ratio > config.MaxFailureRatio)
            {
                failures.Sort(
                    static (a, b) =>
                        SwarmTask.EndOf(a) != SwarmTask.EndOf(b)
                            ? SwarmTask.EndOf(a).CompareTo(SwarmTask.EndOf(b))
                            : string.CompareOrdinal(a.Id, b.Id)
                );
                Fail(status with { Progress = progress }, config, failures[^1]);
                return;
            }
        }
        if (progress != status.Progress)
        {
            SetStatus(status with { Progress = progress });
        }
        var busy = CountBusy(made, TakenUpAgain(dirty), config) + plan.CountTakingOver();
        var left = TakeUp(dirty, config, busy);
        // The update has yet to watch the tasks that wait for a node.
        var waiting = made.Exists(t => t.DesiredState <= TaskState.Running && HoldsNoPlace(t));
        if (left || busy > 0 || waiting || slots.Exists(s => s.Touched) || plan.Options.Fault == InjectedFault.NeverCompleteUpdate)
        {
            return;
        }
        CompleteAfterMonitor(status with { Progress = progress }, made, config);
    }

    /// <summary>Replaces the tasks of older revisions that have no node: there is nothing to stop, and they must not start any more.</summary>
    private void ReplaceUnplaced(List<Slot> dirty)
    {
        if (plan.Options.Fault == InjectedFault.KeepUnplacedOfOlderRevisions)
        {
            return;
        }
        foreach (var slot in dirty)
        {
            if (!slot.Touched && IsUnplaced(slot) && !plan.IsFull())
            {
                Replace(slot, UpdateOrder.StopFirst);
            }
        }
    }

    private static bool IsUnplaced(Slot slot)
    {
        var any = false;
        foreach (var task in slot.Active)
        {
            if (task.Status.State >= TaskState.Assigned)
            {
                return false;
            }
            any = true;
        }
        return any;
    }

    /// <summary>A task of the slot stays on a node that is down: its successor could go nowhere else. The update takes the slot up when the
    /// node is back.</summary>
    private bool IsStranded(Slot slot) => plan.Options.Fault != InjectedFault.ReplaceStranded && slot.Active.Any(view.IsStranded);

    /// <summary>The update's own tasks of slots that an attempt in its course makes it take up again. Such a slot keeps its place.</summary>
    private HashSet<string> TakenUpAgain(List<Slot> dirty)
    {
        var again = new HashSet<string>(StringComparer.Ordinal);
        foreach (var slot in dirty)
        {
            foreach (var task in slot.Tasks)
            {
                if (IsOfUpdate(task, _service) && view.IsDirty(task))
                {
                    again.Add(task.Id);
                }
            }
        }
        return again;
    }

    /// <summary>Slots that an attempt makes the update take up again have their place already; then come those that do not run.</summary>
    private int OrderOf(Slot slot) =>
        slot.Active.Any(t => IsOfUpdate(t, _service)) ? 0
        : slot.Active.Any(static t => t.Status.State == TaskState.Running) ? 2
        : 1;

    /// <summary>Starts on dirty slots within the limit of parallelism, in their order and then the lowest first. Returns whether any slot
    /// still differs from the spec.</summary>
    private bool TakeUp(List<Slot> dirty, UpdateConfig config, int busy)
    {
        var room = config.Parallelism == 0 || config.Parallelism > int.MaxValue ? int.MaxValue : (int)config.Parallelism - busy;
        foreach (var slot in dirty.OrderBy(OrderOf))
        {
            if (room <= 0 || plan.IsFull())
            {
                break;
            }
            if (!slot.Touched && !IsStranded(slot))
            {
                Replace(slot, config.Order);
                room--;
            }
        }
        return dirty.Count > 0;
    }

    private void Replace(Slot slot, UpdateOrder order)
    {
        slot.Touched = true;
        SwarmTask? goesOn = null;
        if (order == UpdateOrder.StartFirst)
        {
            // Only a running task is worth keeping until the new one runs.
            foreach (var task in slot.Active)
            {
                goesOn = task.Status.State == TaskState.Running ? task : goesOn;
            }
        }
        var waits = false;
        var takesOver = goesOn is not null;
        foreach (var task in slot.Tasks)
        {
            if (task.DesiredState <= TaskState.Running && task != goesOn)
            {
                plan.End(task, TaskState.Shutdown);
                waits |= plan.MayRun(task);
                takesOver |= plan.MayRun(task) || TakesOverAfter(task);
            }
            else
            {
                waits |= plan.IsStopping(task);
            }
        }
        plan.Create(_service, slot, waits, ofUpdate: IsRolling(_service.UpdateStatus), takesOver: takesOver);
    }

    /// <summary>True when the successor of a task without a node has the place that this update took for it.</summary>
    private bool TakesOverAfter(SwarmTask task) =>
        task is { TakesOver: true, Status.State: < TaskState.Assigned }
        && IsOfUpdate(task, _service)
        && plan.Options.Fault != InjectedFault.ForgetTakenOver;

    private List<SwarmTask> MadeByUpdate()
    {
        var made = new List<SwarmTask>();
        foreach (var slot in view.Slots)
        {
            foreach (var task in slot.Tasks)
            {
                var isForgotten =
                    plan.Options.Fault == InjectedFault.ForgetWhatAttemptsFound && task.Update != _service.UpdateStatus!.Number;
                if (IsOfUpdate(task, _service) && !isForgotten)
                {
                    made.Add(task);
                }
            }
        }
        return made;
    }

    private static ulong CountSlots(List<SwarmTask> tasks)
    {
        var slots = new HashSet<(uint Slot, string? NodeId)>();
        foreach (var task in tasks)
        {
            slots.Add((task.Slot, task.Slot > 0 ? null : task.NodeId));
        }
        return (ulong)slots.Count;
    }

    /// <summary>Whether the task failed before it ran, or within the monitor period. A time below zero belongs to an earlier leader, whose clock
    /// was set back meanwhile: that leader counted the task if it failed.</summary>
    private bool HasFailed(SwarmTask task, UpdateConfig config)
    {
        if (!RestartRules.EndedByItself(task) || task.RunningSince is not { } since)
        {
            return RestartRules.EndedByItself(task);
        }
        var lasted = plan.MomentOf(task.Id, SwarmTask.EndOf(task)) - plan.MomentOf(task.Id, since);
        return lasted >= TimeSpan.Zero && lasted <= config.Monitor;
    }

    /// <summary>Counts the slots that take up the update's parallelism. SwarmKit's worker goes on to another slot when the task has run or
    /// failed
    /// and the delay after that is over. Here a task that no node takes holds no place either, unless it took over from another.
    /// Else the update would stop one task after another for tasks that cannot start.</summary>
    private int CountBusy(List<SwarmTask> made, HashSet<string> again, UpdateConfig config)
    {
        var busy = 0;
        foreach (var task in made)
        {
            if (again.Contains(task.Id))
            {
                continue;
            }
            if (DoneAt(task) is { } doneAt)
            {
                busy += plan.IsOver(task.Id, doneAt, config.Delay) ? 0 : 1;
            }
            else if (task.DesiredState <= TaskState.Running && !IsOutOfReach(task) && !HoldsNoPlace(task))
            {
                busy++;
            }
        }
        return busy;
    }

    private bool HoldsNoPlace(SwarmTask task) =>
        task is { Pending: not null, Status.State: < TaskState.Assigned }
        && (!task.TakesOver || plan.Options.Fault == InjectedFault.TakenOverHoldNoPlace)
        && plan.Options.Fault != InjectedFault.UnplacedHoldPlaces;

    /// <summary>True when the task cannot be updated now: its node is down, or is paused and has not received the task yet. A global
    /// service leaves
    /// such tasks where they are, see <see cref="GlobalReconciler"/>, and its update goes on without them.</summary>
    private bool IsOutOfReach(SwarmTask task) =>
        plan.NodeOf(task) is { } node
        && (
            node.Status.State == NodeState.Down
            || (node.Spec.Availability == NodeAvailability.Pause && task.Status.State < TaskState.Assigned)
        );

    private static DateTimeOffset? DoneAt(SwarmTask task) =>
        task.RunningSince ?? (task.Status.State >= TaskState.Running ? SwarmTask.EndOf(task) : null);

    private void CompleteAfterMonitor(UpdateStatus status, List<SwarmTask> made, UpdateConfig config)
    {
        var monitor = config.Delay >= config.Monitor ? config.Delay + AfterDelay : config.Monitor;
        foreach (var task in made)
        {
            if (DoneAt(task) is { } doneAt && !plan.IsOver(task.Id, doneAt, config.Delay + monitor))
            {
                return;
            }
        }
        var back = status.State == UpdateState.RollbackStarted;
        SetStatus(
            status with
            {
                State = back ? UpdateState.RollbackCompleted : UpdateState.Completed,
                Message = back ? UpdateMessages.RollbackCompleted : UpdateMessages.Completed,
                CompletedAt = plan.Now,
            }
        );
    }

    private void Fail(UpdateStatus status, UpdateConfig config, SwarmTask failed)
    {
        var from = status.Progress.FromRevision;
        status = status with { Failure = UpdateFailure.Of(failed.Id, failed.Status) };
        if (status.State == UpdateState.RollbackStarted)
        {
            SetStatus(status with { State = UpdateState.RollbackPaused, Message = UpdateMessages.RollbackPaused(failed.Id) });
        }
        else if (
            config.FailureAction == FailureAction.Rollback
            && from != _service.Revision
            && plan.State.FindRevision(_service.Id, from) is { } target
            && !target.Spec.TaskTemplateEquals(_service.Spec)
        )
        {
            plan.Changes.Add(
                new StateChange.ServiceSpecSet(
                    _service.Id,
                    TaskTemplates.WithTemplateOf(_service.Spec, target.Spec),
                    from,
                    target.RegistryCredential,
                    status with
                    {
                        State = UpdateState.RollbackStarted,
                        Number = _service.Version,
                        Message = UpdateMessages.RolledBack(failed.Id),
                        Progress = new UpdateProgress { FromRevision = _service.Revision },
                    },
                    plan.Now
                )
            );
        }
        else
        {
            SetStatus(status with { State = UpdateState.Paused, Message = UpdateMessages.Paused(failed.Id) });
        }
    }

    private void SetStatus(UpdateStatus status) => plan.Changes.Add(new StateChange.ServiceUpdateStatusSet(_service.Id, status, plan.Now));
}
