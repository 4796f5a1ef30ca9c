using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Simulation;

/// <summary>Every wait takes its own delay in true time, whatever the leader's clock says. A new leader may cut the waits that it finds; it
/// prolongs none beyond its own delay.</summary>
internal sealed class WaitInvariants(SimulatedSwarm swarm)
{
    /// <summary>Beyond the longest sum of what a task waits for: the stop of another.</summary>
    private static readonly TimeSpan StopAtMost = TimeSpan.FromSeconds(71);

    /// <summary>True times at which plans made the tasks.</summary>
    private readonly Dictionary<string, TimeSpan> _planned = new(StringComparer.Ordinal);

    /// <summary>True times at which the leader learned of an event.</summary>
    private readonly Dictionary<string, TimeSpan> _created = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _ended = new(StringComparer.Ordinal);
    private TimeSpan _leadsSince;

    public void TakeOver() => _leadsSince = swarm.Elapsed;

    public void Follow(ChangedObject change)
    {
        if (change is not ChangedObject.OfTask(var before, { } task))
        {
            return;
        }
        if (before is null)
        {
            _created[task.Id] = swarm.Elapsed;
        }
        if (task.Status.State == TaskState.Running && before?.Status.State != TaskState.Running)
        {
            _running[task.Id] = swarm.Elapsed;
        }
        if (SwarmTask.IsTerminal(task.Status.State))
        {
            _ended.TryAdd(task.Id, swarm.Elapsed);
        }
    }

    public bool WasMadeAfterTheEndOf(SwarmTask task, SwarmTask ended) => _planned[task.Id] >= _ended[ended.Id];

    /// <summary>Of each plan, against the state it was made from: nothing comes before its time.</summary>
    public void CheckPlan(IReadOnlyList<StateChange> plan)
    {
        foreach (var change in plan)
        {
            if (change is StateChange.TaskCreate create)
            {
                _planned[create.Task.Id] = swarm.Elapsed;
            }
            else if (
                change is StateChange.TaskDesire { DesiredState: TaskState.Running } start
                && swarm.State.FindTask(start.TaskId) is { } task
            )
            {
                var waited = swarm.Elapsed - _created[task.Id];
                if (_created[task.Id] > _leadsSince && waited < DelayOf(task))
                {
                    swarm.Fail($"task {task.Id} starts after {waited}, before its delay of {DelayOf(task)}");
                }
            }
            else if (
                change
                    is StateChange.ServiceUpdateStatusSet
                    {
                        Status: { State: UpdateState.Completed or UpdateState.RollbackCompleted } status
                    } set
                && swarm.State.FindService(set.ServiceId) is { } service
            )
            {
                CheckMonitored(service, status);
            }
        }
    }

    private void CheckMonitored(Service service, UpdateStatus status)
    {
        var config = status.State == UpdateState.Completed ? service.Spec.Update : service.Spec.Rollback;
        var monitor = config.Delay >= config.Monitor ? config.Delay + TimeSpan.FromSeconds(1) : config.Monitor;
        foreach (var task in swarm.State.TasksOfService(service.Id))
        {
            if (swarm.IsOfPresentUpdate(task, service) && _running.TryGetValue(task.Id, out var since) && since > _leadsSince)
            {
                var ran = swarm.Elapsed - since;
                if (ran < config.Delay + monitor)
                {
                    swarm.Fail(
                        $"the update of {service.Spec.Name} is complete {ran} after {task.Id} ran, before its delay and monitor period"
                    );
                }
            }
        }
    }

    /// <summary>Whenever the loop is at rest: no task waits for longer than its delay, unless another has to stop first.</summary>
    public void CheckWaiting()
    {
        if (!swarm.IsAtRest)
        {
            return;
        }
        foreach (var task in swarm.State.Tasks)
        {
            if (
                task.DesiredState >= TaskState.Running
                || SwarmTask.IsTerminal(task.Status.State)
                || swarm.State.FindService(task.ServiceId) is not { } service
                // It does not start any more, and stays until another node has room or its own is back.
                || (task.Revision != service.Revision && Invariants.IsStranded(swarm, task, service))
            )
            {
                continue;
            }
            var since = _created[task.Id] > _leadsSince ? _created[task.Id] : _leadsSince;
            var atMost = DelayOf(task) + (HasStoppingOther(task) ? StopAtMost : TimeSpan.FromSeconds(1));
            if (swarm.Elapsed - since > atMost)
            {
                swarm.Fail($"task {task.Id} waits for {swarm.Elapsed - since}, beyond its delay of {DelayOf(task)}");
            }
        }
        foreach (var task in swarm.State.Tasks)
        {
            if (
                task is { NodeId: not null, Status.State: >= TaskState.Assigned and <= TaskState.Running }
                && swarm.State.FindNode(task.NodeId) is { Status.HasLeft: true }
            )
            {
                swarm.Fail($"task {task.Id} is said to be {task.Status.State} on {task.NodeId}, which has left");
            }
        }
    }

    private bool HasStoppingOther(SwarmTask task) =>
        swarm
            .State.TasksOfService(task.ServiceId)
            .Any(t =>
                t.Id != task.Id
                && t.Slot == task.Slot
                && (t.Slot > 0 || t.NodeId == task.NodeId)
                && t is { DesiredState: > TaskState.Running, Status.State: >= TaskState.Assigned and <= TaskState.Running }
            );

    private static TimeSpan DelayOf(SwarmTask task) => task.StartAfter is { } start ? start - task.CreatedAt : TimeSpan.Zero;
}
