using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Simulation;

/// <summary>The invariants of tasks whose service or node changes under them, written without the code under test.</summary>
internal static class PlacementInvariants
{
    /// <summary>How the template of a task differs from its service's.</summary>
    private enum Difference
    {
        None,
        PlacementOnly,
        Full,
    }

    /// <summary>Of each plan: a task that suits its service is not replaced, and an update takes no more running tasks than may go at once.</summary>
    public static void CheckPlan(SimulatedSwarm swarm, IReadOnlyList<StateChange> plan)
    {
        var created = plan.OfType<StateChange.TaskCreate>().Where(c => c.Task.Slot > 0).ToLookup(c => (c.Task.ServiceId, c.Task.Slot));
        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var change in created.SelectMany(c => c))
        {
            if (swarm.State.FindService(change.Task.ServiceId) is { } service && TakesOver(swarm, service, change.Task))
            {
                swarm.TookOver.Add(change.Task.Id);
            }
        }
        CheckStranded(swarm, plan, created);
        foreach (var desire in plan.OfType<StateChange.TaskDesire>().Where(d => d.DesiredState > TaskState.Running))
        {
            if (
                swarm.State.FindTask(desire.TaskId) is not { Slot: > 0, IsLive: true, Status.State: >= TaskState.Assigned } task
                || swarm.State.FindService(task.ServiceId) is not { } service
                || created[(task.ServiceId, task.Slot)].FirstOrDefault()?.Task is not { } next
                || NodeOf(swarm, task) is not { Status.State: NodeState.Ready, Spec.Availability: NodeAvailability.Active } node
            )
            {
                continue;
            }
            var suits = Invariants.Satisfies(node, service.Spec);
            var difference = DifferenceOf(swarm, service, task);
            if (
                suits
                && difference != Difference.Full
                && Active(swarm, task).Count == 1
                && !(task.Status.State < TaskState.Ready && HasOtherCredential(swarm, service, task))
                && !(WaitsForRestart(task) && task.Revision != service.Revision)
            )
            {
                swarm.Fail($"task {task.Id} is replaced where it may stay: {task}");
            }
            var ofUpdate = next.StartAfter == next.CreatedAt;
            var allowed = OwnSpec(swarm, task) is { } own && Invariants.Satisfies(node, own);
            if (ofUpdate && task.Status.State == TaskState.Running && (suits || allowed))
            {
                taken[service.Id] = taken.GetValueOrDefault(service.Id) + 1;
            }
        }
        foreach (var (serviceId, count) in taken)
        {
            var service = swarm.State.FindService(serviceId)!;
            if (ConfigOf(service) is not { Parallelism: > 0 and var most })
            {
                continue;
            }
            if ((ulong)count > most)
            {
                swarm.Fail($"the update of {serviceId} takes {count} running tasks at once, {most} may go");
            }
            var held = CountHeld(swarm, service, plan);
            if ((ulong)(count + held) > most)
            {
                swarm.Fail(
                    $"the update of {serviceId} takes {count} running tasks while {held} of its tasks have lost their place, {most} may go"
                );
            }
        }
    }

    /// <summary>The update's tasks that took places over and that no node has taken.</summary>
    private static int CountHeld(SimulatedSwarm swarm, Service service, IReadOnlyList<StateChange> plan)
    {
        var ended = plan.OfType<StateChange.TaskRemove>().Select(r => r.TaskId).ToHashSet(StringComparer.Ordinal);
        return swarm
            .State.TasksOfService(service.Id)
            .Count(t =>
                t is { DesiredState: <= TaskState.Running, Status.State: < TaskState.Assigned }
                && swarm.TookOver.Contains(t.Id)
                && swarm.IsOfPresentUpdate(t, service)
                && !ended.Contains(t.Id)
            );
    }

    /// <summary>A start-first update has put another task of the slot on a node that is there. The old one goes, whatever becomes of that.</summary>
    private static bool HasSuccessor(SimulatedSwarm swarm, SwarmTask task) =>
        Active(swarm, task).Any(other => other.Id != task.Id && IsPlaced(swarm, other));

    /// <summary>No more tasks leave a node that is down than other nodes have room for.</summary>
    private static void CheckStranded(
        SimulatedSwarm swarm,
        IReadOnlyList<StateChange> plan,
        ILookup<(string ServiceId, uint Slot), StateChange.TaskCreate> created
    )
    {
        var leaving = plan.OfType<StateChange.TaskDesire>()
            .Where(d => d.DesiredState > TaskState.Running)
            .Select(d => swarm.State.FindTask(d.TaskId))
            .OfType<SwarmTask>()
            .Where(t => t.IsLive && Invariants.IsAway(swarm, t) && created.Contains((t.ServiceId, t.Slot)) && !HasSuccessor(swarm, t))
            .GroupBy(t => t.ServiceId);
        foreach (var group in leaving)
        {
            var service = swarm.State.FindService(group.Key)!;
            var slots = group.Select(t => t.Slot).Distinct().Count();
            var places = swarm.State.Nodes.Sum(n => Invariants.Places(swarm.State, n, service));
            if (slots > places)
            {
                swarm.Fail(
                    $"{slots} tasks of {service.Spec.Name} leave nodes that are down, {places} could go elsewhere: {string.Join(", ", group.Select(t => t.Id))}"
                );
            }
        }
    }

    /// <summary>True when the update takes a place for the task that it makes, or has taken it for the task before.</summary>
    private static bool TakesOver(SimulatedSwarm swarm, Service service, SwarmTask created)
    {
        if (created.Update == 0 || created.Update != service.UpdateStatus?.Number)
        {
            return false;
        }
        var active = Active(swarm, created);
        if (active.MaxBy(t => t.Ordinal) is not { } newest)
        {
            return false;
        }
        var before = swarm.TookOver.Contains(newest.Id) && swarm.IsOfPresentUpdate(newest, service);
        if (newest.Status.State is < TaskState.Assigned or > TaskState.Running)
        {
            return active.Exists(t => IsPlaced(swarm, t)) || (before && newest.Status.State < TaskState.Assigned);
        }
        if (NodeOf(swarm, newest) is not { Status.State: not NodeState.Down, Spec.Availability: not NodeAvailability.Drain } node)
        {
            // The place went with the node.
            return false;
        }
        var hasToGo = node.Spec.Availability == NodeAvailability.Active && IsForbidden(swarm, service, newest, node);
        return !hasToGo || before;
    }

    /// <summary>Whenever the loop has nothing to do: no task is where its service forbids it, with the node's present labels. None waits with an
    /// older spec, and an attempt has tried all that failed.</summary>
    public static void CheckIdle(SimulatedSwarm swarm)
    {
        foreach (var task in swarm.State.Tasks)
        {
            if (!task.IsLive || swarm.State.FindService(task.ServiceId) is not { } service)
            {
                continue;
            }
            if (task is { Slot: > 0, Status.State: < TaskState.Assigned } && DifferenceOf(swarm, service, task) != Difference.None)
            {
                swarm.Fail($"task {task.Id} waits for a node with a spec of an older revision");
            }
            // Tasks on a paused node stay, because the administrator wants it so.
            if (
                task.Status.State >= TaskState.Assigned
                && NodeOf(swarm, task) is { Status.State: NodeState.Ready, Spec.Availability: NodeAvailability.Active } node
                && IsForbidden(swarm, service, task, node)
            )
            {
                swarm.Fail($"task {task.Id} was left on {task.NodeId}, where it may not be");
            }
        }
        foreach (var (serviceId, (revision, failed)) in swarm.Attempts)
        {
            if (swarm.State.FindService(serviceId) is not { } service || service.Revision != revision || IsUnfinished(service))
            {
                continue;
            }
            foreach (var id in failed)
            {
                if (
                    swarm.State.FindTask(id) is { DesiredState: < TaskState.Remove } task
                    // Its turn may have come before the attempt.
                    && task is not { IsLive: true, DesiredState: TaskState.Running }
                    && !swarm.State.TasksOfService(serviceId).Any(t => t.Slot == task.Slot && t.Ordinal > task.Ordinal)
                )
                {
                    swarm.Fail($"task {id} had failed or waited for its restart, and was not tried anew by an attempt");
                }
            }
        }
    }

    /// <summary>After the faults: an update that is not through has stopped as many tasks as it may, and none of their successors finds a node.</summary>
    public static void CheckConverged(SimulatedSwarm swarm, Service service, List<SwarmTask> active)
    {
        if (service.Spec.Mode is not ServiceMode.Replicated || ConfigOf(service) is not { } config)
        {
            return;
        }
        var old = active.Where(t => IsOld(swarm, service, t) && !FailedInSlot(swarm, service, t)).ToList();
        var held = active.Count(t =>
            t.Status.State == TaskState.Pending
            && IsOfUpdate(t, service)
            && (swarm.TookOver.Contains(t.Id) || swarm.GoesOnBeside.ContainsKey(t.Id))
        );
        // The update leaves a task alone whose successor could go nowhere else.
        old.RemoveAll(t => Invariants.IsStranded(swarm, t, service));
        // The old task of a start-first update goes on beside its successor.
        old.RemoveAll(t => active.Exists(o => swarm.GoesOnBeside.GetValueOrDefault(o.Id) == t.Id));
        if (old.Count > 0 && (config.Parallelism == 0 || (ulong)held < config.Parallelism))
        {
            swarm.Fail(
                $"{service.Spec.Name}: a task that took nothing over holds its update up: {old.Count} are old, {held} wait in the place of others"
            );
        }
    }

    /// <summary>The tasks that have failed or wait for their restart, each the last of its slot.</summary>
    public static List<string> TasksToTry(SimulatedSwarm swarm, Service service) =>
        [
            .. swarm
                .State.TasksOfService(service.Id)
                .Where(t => t.Slot > 0)
                .GroupBy(t => t.Slot)
                // The old task of a start-first update may go on after the new one has failed.
                .Where(g => !g.Any(t => t.IsLive && !WaitsForRestart(t)))
                .Select(g => g.MaxBy(t => t.Ordinal)!)
                .Where(t =>
                    WaitsForRestart(t) || t is { Status.State: TaskState.Failed or TaskState.Rejected, DesiredState: < TaskState.Remove }
                )
                .Select(t => t.Id),
        ];

    private static bool IsForbidden(SimulatedSwarm swarm, Service service, SwarmTask task, Node node)
    {
        if (Invariants.Satisfies(node, service.Spec))
        {
            return false;
        }
        var isLeftToUpdate = DifferenceOf(swarm, service, task) switch
        {
            Difference.None => false,
            Difference.PlacementOnly => IsUnfinished(service),
            _ => true,
        };
        return task.Slot == 0 || !isLeftToUpdate || OwnSpec(swarm, task) is not { } own || !Invariants.Satisfies(node, own);
    }

    private static bool IsOld(SimulatedSwarm swarm, Service service, SwarmTask task) =>
        DifferenceOf(swarm, service, task) switch
        {
            Difference.None => false,
            Difference.PlacementOnly => NodeOf(swarm, task) is not { } node || !Invariants.Satisfies(node, service.Spec),
            _ => true,
        };

    private static bool FailedInSlot(SimulatedSwarm swarm, Service service, SwarmTask task) =>
        swarm
            .State.TasksOfService(service.Id)
            .Any(t =>
                t.Slot == task.Slot
                && t.Status.State is TaskState.Complete or TaskState.Failed or TaskState.Rejected
                && (IsOfUpdate(t, service) || swarm.IsOfPresentUpdate(t, service))
            );

    private static bool IsOfUpdate(SwarmTask task, Service service) =>
        task.Revision == service.Revision && task.CreatedAt >= service.UpdateStatus?.StartedAt && task.StartAfter == task.CreatedAt;

    private static Difference DifferenceOf(SimulatedSwarm swarm, Service service, SwarmTask task)
    {
        if (OwnSpec(swarm, task) is not { } own)
        {
            return Difference.Full;
        }
        return own.TaskTemplateEquals(service.Spec) ? Difference.None
            : (own with { Placement = service.Spec.Placement }).TaskTemplateEquals(service.Spec) ? Difference.PlacementOnly
            : Difference.Full;
    }

    private static bool WaitsForRestart(SwarmTask task) => task.DesiredState < TaskState.Running && task.StartAfter > task.CreatedAt;

    private static bool HasOtherCredential(SimulatedSwarm swarm, Service service, SwarmTask task) =>
        swarm.State.FindRevision(service.Id, task.Revision)?.RegistryCredential
        != swarm.State.FindRevision(service.Id, service.Revision)?.RegistryCredential;

    /// <summary>A task of a revision that became the current one again has the service's spec, whatever its revision says.</summary>
    private static ServiceSpec? OwnSpec(SimulatedSwarm swarm, SwarmTask task) =>
        swarm.State.FindService(task.ServiceId) is { } service && service.Revision == task.Revision
            ? service.Spec
            : swarm.State.FindRevision(task.ServiceId, task.Revision)?.Spec;

    private static UpdateConfig? ConfigOf(Service service) =>
        service.UpdateStatus?.State switch
        {
            UpdateState.Updating => service.Spec.Update,
            UpdateState.RollbackStarted => service.Spec.Rollback,
            _ => null,
        };

    private static bool IsUnfinished(Service service) =>
        ConfigOf(service) is not null || service.UpdateStatus?.State is UpdateState.Paused or UpdateState.RollbackPaused;

    private static List<SwarmTask> Active(SimulatedSwarm swarm, SwarmTask of) =>
        [.. swarm.State.TasksOfService(of.ServiceId).Where(t => t.Slot == of.Slot && t.DesiredState <= TaskState.Running)];

    private static bool IsPlaced(SimulatedSwarm swarm, SwarmTask task) =>
        task.Status.State is >= TaskState.Assigned and <= TaskState.Running && NodeOf(swarm, task) is { Status.State: not NodeState.Down };

    private static Node? NodeOf(SimulatedSwarm swarm, SwarmTask task) => task.NodeId is null ? null : swarm.State.FindNode(task.NodeId);
}
