using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Simulation;

/// <summary>The invariants of a simulated swarm, written without the code under test.</summary>
internal static class Invariants
{
    /// <summary>After each commit: every container of a reachable node has its task.</summary>
    public static void CheckTasks(SimulatedSwarm swarm)
    {
        foreach (var agent in swarm.Agents.Values)
        {
            foreach (var container in agent.Containers)
            {
                if (
                    container.IsRunning
                    && !container.IsStopping
                    && swarm.State.FindTask(container.TaskId) is null
                    && !swarm.IsAbandoned(container.TaskId, agent.NodeId)
                )
                {
                    swarm.Fail($"task {container.TaskId} was deleted while it runs on {agent.NodeId}");
                }
            }
        }
    }

    /// <summary>Of each plan: no slot gets more tasks than the wanted one, and one more where a start-first update begins or has begun.
    /// Records which tasks go on.</summary>
    private static void CheckSlots(SimulatedSwarm swarm, IReadOnlyList<StateChange> plan)
    {
        var made = new HashSet<(string Service, uint Slot, string Node)>();
        var ending = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in plan)
        {
            if (change is StateChange.TaskDesire { DesiredState: > TaskState.Running } desire)
            {
                ending.Add(desire.TaskId);
            }
            else if (change is StateChange.TaskRemove remove)
            {
                ending.Add(remove.TaskId);
            }
        }
        foreach (var change in plan)
        {
            if (change is not StateChange.TaskCreate { Task: var created })
            {
                continue;
            }
            var key = (created.ServiceId, created.Slot, created.NodeId ?? "");
            var before = swarm
                .State.TasksOfService(created.ServiceId)
                .Where(t => t.DesiredState <= TaskState.Running && t.Slot == created.Slot && (t.Slot > 0 || t.NodeId == created.NodeId))
                .ToList();
            var goOn = before.Where(t => t.IsLive && !ending.Contains(t.Id)).ToList();
            var count = goOn.Count + (made.Add(key) ? 1 : 2);
            // Where two tasks are already, one of them may be replaced once more: it failed, or lost its node.
            var allowed = goOn is [var old] && (before.Count == 2 || MayGoOn(swarm, old, created)) ? 2 : 1;
            if (count > allowed)
            {
                swarm.Fail($"slot {key} gets {count} tasks, {allowed} may run");
            }
            if (allowed == 2)
            {
                swarm.GoesOnBeside[created.Id] = goOn[0].Id;
            }
        }
    }

    /// <summary>A start-first update, or rollback, makes the new task while the old one serves.</summary>
    private static bool MayGoOn(SimulatedSwarm swarm, SwarmTask old, SwarmTask created)
    {
        var service = swarm.State.FindService(created.ServiceId)!;
        var config = service.UpdateStatus?.State switch
        {
            UpdateState.Updating => service.Spec.Update,
            UpdateState.RollbackStarted => service.Spec.Rollback,
            _ => null,
        };
        return config?.Order == UpdateOrder.StartFirst && old.Status.State == TaskState.Running && old.Revision != created.Revision;
    }

    /// <summary>Whenever a container starts: no slot has more running tasks than wanted.</summary>
    public static void CheckContainers(SimulatedSwarm swarm)
    {
        var running = new Dictionary<(string Service, uint Slot, string Node), List<string>>();
        foreach (var agent in swarm.Agents.Values)
        {
            foreach (var container in agent.Containers)
            {
                if (!container.IsRunning || swarm.IsAbandoned(container.TaskId, agent.NodeId))
                {
                    continue;
                }
                var key = (container.ServiceId, container.Slot, container.Slot > 0 ? "" : agent.NodeId);
                if (!running.TryGetValue(key, out var tasks))
                {
                    running[key] = tasks = [];
                }
                tasks.Add(container.TaskId);
                if (tasks.Count > 2 || (tasks is [var one, var other] && !AreBeside(swarm, one, other)))
                {
                    swarm.Fail($"{tasks.Count} tasks of slot {key} run, {tasks.Count - 1} may: {string.Join(", ", tasks)}");
                }
            }
        }
    }

    private static bool AreBeside(SimulatedSwarm swarm, string one, string other) =>
        swarm.GoesOnBeside.GetValueOrDefault(one) == other || swarm.GoesOnBeside.GetValueOrDefault(other) == one;

    /// <summary>Of each plan, against the state it was made from: assignments respect readiness, constraints, replicas per node and
    /// reservations.</summary>
    public static void CheckPlan(SimulatedSwarm swarm, IReadOnlyList<StateChange> plan)
    {
        CheckSlots(swarm, plan);
        PlacementInvariants.CheckPlan(swarm, plan);
        var load = new Dictionary<string, (long Cpus, long Memory)>(StringComparer.Ordinal);
        var replicas = new Dictionary<(string Service, string Node), HashSet<string>>();
        foreach (var change in plan)
        {
            if (change is not StateChange.TaskAssign assign || swarm.State.FindTask(assign.TaskId) is not { } task)
            {
                continue;
            }
            var node = swarm.State.FindNode(assign.NodeId);
            if (node is not { Status.State: NodeState.Ready, Spec.Availability: NodeAvailability.Active })
            {
                swarm.Fail($"task {task.Id} is assigned to {assign.NodeId}, which takes no tasks");
            }
            var spec = swarm.State.FindRevision(task.ServiceId, task.Revision)!.Spec;
            if (!Satisfies(node!, spec))
            {
                swarm.Fail($"task {task.Id} is assigned to {assign.NodeId}, which its constraints forbid");
            }
            var (cpus, memory) = load.TryGetValue(assign.NodeId, out var l) ? l : Reserved(swarm.State, assign.NodeId);
            cpus += spec.Resources.Reservations.NanoCpus;
            memory += spec.Resources.Reservations.MemoryBytes;
            load[assign.NodeId] = (cpus, memory);
            if (
                (cpus > node!.Description.Resources.NanoCpus && spec.Resources.Reservations.NanoCpus > 0)
                || (memory > node.Description.Resources.MemoryBytes && spec.Resources.Reservations.MemoryBytes > 0)
            )
            {
                swarm.Fail($"more is reserved on {assign.NodeId} than it has");
            }
            if (!replicas.TryGetValue((task.ServiceId, assign.NodeId), out var there))
            {
                replicas[(task.ServiceId, assign.NodeId)] = there = Replicas(swarm.State, task.ServiceId, assign.NodeId);
            }
            there.Add(Replica(task));
            if (spec.Placement.MaxReplicasPerNode is > 0 and var most && (ulong)there.Count > most)
            {
                swarm.Fail($"{assign.NodeId} gets {there.Count} replicas of {spec.Name}, {most} may be there");
            }
        }
    }

    /// <summary>Whenever the loop has nothing to do: no replicated task is on a lost node, and no history exceeds the limit.</summary>
    public static void CheckIdle(SimulatedSwarm swarm)
    {
        if (swarm.Loop.HasWork)
        {
            return;
        }
        foreach (var task in swarm.State.Tasks)
        {
            if (
                task is { Slot: > 0, NodeId: not null, DesiredState: <= TaskState.Running, Status.State: <= TaskState.Running }
                && swarm.State.FindNode(task.NodeId) is null or { Status.State: NodeState.Down }
                && swarm.State.FindService(task.ServiceId) is { } service
                && !IsStranded(swarm, task, service)
            )
            {
                swarm.Fail($"task {task.Id} was left on {task.NodeId}, which is lost");
            }
        }
        PlacementInvariants.CheckIdle(swarm);
        var limit = swarm.State.Cluster!.Settings.TaskHistoryLimit;
        foreach (var service in swarm.State.Services)
        {
            var rolling = service.UpdateStatus?.State is UpdateState.Updating or UpdateState.RollbackStarted;
            CheckFailure(swarm, service);
            foreach (var slot in swarm.State.TasksOfService(service.Id).GroupBy(t => (t.Slot, t.Slot > 0 ? "" : t.NodeId)))
            {
                CheckTriedOnce(swarm, service, [.. slot.Where(t => IsOfUpdate(t, service)).OrderBy(t => t.Ordinal)]);
                if (rolling || service.Spec.Restart.MaxAttempts > 0)
                {
                    continue;
                }
                var ended = slot.Count(t => t.DesiredState > TaskState.Running && t.Status.State > TaskState.Running);
                if (ended > 0 && ended > Math.Max(1, limit))
                {
                    swarm.Fail($"slot {slot.Key} of {service.Spec.Name} keeps {ended} ended tasks, {limit} tasks may be kept");
                }
            }
        }
    }

    /// <summary>An update keeps its tasks, so their number shows whether it takes up a slot again in which it has failed. A failure does
    /// not count
    /// if the node was lost at that time and another task had taken its place.</summary>
    private static void CheckTriedOnce(SimulatedSwarm swarm, Service service, SwarmTask[] made)
    {
        for (var i = 0; i + 1 < made.Length; i++)
        {
            var (failed, next) = (made[i], made[i + 1]);
            if (
                failed.Status.State is TaskState.Complete or TaskState.Failed or TaskState.Rejected
                && swarm.Waits.WasMadeAfterTheEndOf(next, failed)
            )
            {
                swarm.Fail($"the update of {service.Spec.Name} made {next.Id} where {failed.Id} had failed");
            }
        }
    }

    /// <summary>A status that gives up for a failure names it; no other status does.</summary>
    private static void CheckFailure(SimulatedSwarm swarm, Service service)
    {
        var failed = service.UpdateStatus?.Failure is { TaskId.Length: > 0, Error.Length: > 0 };
        var wrong = service.UpdateStatus?.State switch
        {
            UpdateState.Paused or UpdateState.RollbackPaused => !failed,
            UpdateState.RollbackStarted or UpdateState.RollbackCompleted => false,
            _ => service.UpdateStatus?.Failure is not null,
        };
        if (wrong)
        {
            swarm.Fail($"{service.Spec.Name}: its status does not tell its failure: {service.UpdateStatus}");
        }
    }

    private static bool IsOfUpdate(SwarmTask task, Service service) =>
        task.Revision == service.Revision && task.Update == service.UpdateStatus?.Number;

    /// <summary>After the faults have stopped and the swarm had time to settle.</summary>
    public static void CheckConverged(SimulatedSwarm swarm)
    {
        foreach (var task in swarm.State.Tasks)
        {
            var lost = task.NodeId is null || swarm.State.FindNode(task.NodeId) is null or { Status.State: NodeState.Down };
            if (task.DesiredState > TaskState.Running && task.Status.State <= TaskState.Running && !lost)
            {
                swarm.Fail($"task {task.Id} does not stop: {task}");
            }
            if (swarm.State.FindService(task.ServiceId) is null && !lost)
            {
                swarm.Fail($"task {task.Id} outlives its service: {task}");
            }
        }
        foreach (var service in swarm.State.Services.OrderBy(s => s.Id, StringComparer.Ordinal))
        {
            CheckConverged(swarm, service);
        }
    }

    private static void CheckConverged(SimulatedSwarm swarm, Service service)
    {
        var name = service.Spec.Name;
        var active = swarm.State.TasksOfService(service.Id).Where(t => t.DesiredState <= TaskState.Running).ToList();
        var rolling = service.UpdateStatus?.State is UpdateState.Updating or UpdateState.RollbackStarted;
        // An update that waits for a task that no node takes leaves the others at their old revision.
        var isStuck = rolling && active.Exists(t => t.Status.State == TaskState.Pending);
        PlacementInvariants.CheckConverged(swarm, service, active);
        var waiting = 0;
        foreach (var task in active)
        {
            var node = task.NodeId is null ? null : swarm.State.FindNode(task.NodeId);
            if (task.Slot == 0 && node?.Status.State == NodeState.Down)
            {
                continue;
            }
            if (IsStranded(swarm, task, service))
            {
                waiting++;
                continue;
            }
            if (task.Status.State == TaskState.Pending)
            {
                waiting++;
                if (
                    swarm.State.Nodes.FirstOrDefault(n =>
                        (task.NodeId is null || task.NodeId == n.Id) && HasRoom(swarm.State, n, service)
                    ) is
                    { } free
                )
                {
                    swarm.Fail($"{name}: task {task.Id} is pending, though {free.Id} would take it");
                }
                continue;
            }
            if (task.Status.State != TaskState.Running)
            {
                swarm.Fail($"{name}: {task} does not run");
            }
            // A task that a stuck update has not reached may stay while its own spec or the service's allows it.
            var own = isStuck ? swarm.State.FindRevision(service.Id, task.Revision)!.Spec : service.Spec;
            if (
                node is not { Status.State: NodeState.Ready }
                || node.Spec.Availability == NodeAvailability.Drain
                || (node.Spec.Availability != NodeAvailability.Pause && !Satisfies(node, own) && !Satisfies(node, service.Spec))
            )
            {
                swarm.Fail($"{name}: task {task.Id} runs on {task.NodeId}, where it may not");
            }
            if (!swarm.Agents[task.NodeId!].Containers.Any(c => c.TaskId == task.Id && c.IsRunning))
            {
                swarm.Fail($"{name}: task {task.Id} is said to run on {task.NodeId} and does not");
            }
        }
        var mayEnd = service.Spec.Restart.Condition != RestartCondition.Any || service.Spec.Restart.MaxAttempts > 0;
        if (!mayEnd)
        {
            // A start-first update waits for room beside the old tasks; waiting tasks do not count.
            CheckCount(
                swarm,
                service,
                active.FindAll(t => !(t.Status.State == TaskState.Pending && active.Exists(o => AreBeside(swarm, t.Id, o.Id))))
            );
        }
        if (waiting > 0 || !rolling)
        {
            var convergence = Convergence.OfService(swarm.State, service.Id);
            if (!mayEnd && convergence.Converged != (waiting == 0))
            {
                swarm.Fail($"{name}: {waiting} tasks wait, and yet: {convergence}");
            }
            return;
        }
        swarm.Fail($"{name}: its update never ends: {service.UpdateStatus}");
    }

    private static void CheckCount(SimulatedSwarm swarm, Service service, List<SwarmTask> active)
    {
        if (service.Spec.Mode is ServiceMode.Replicated replicated)
        {
            if ((ulong)active.Count != replicated.Replicas || active.Select(t => t.Slot).Distinct().Count() != active.Count)
            {
                swarm.Fail($"{service.Spec.Name}: {active.Count} active tasks, {replicated.Replicas} wanted");
            }
            return;
        }
        foreach (var node in swarm.State.Nodes)
        {
            var tasks = active.Count(t => t.NodeId == node.Id);
            if (node.Status.State == NodeState.Down || node.Spec.Availability == NodeAvailability.Pause)
            {
                continue;
            }
            var wanted = node.Spec.Availability == NodeAvailability.Active && Satisfies(node, service.Spec) ? 1 : 0;
            if (tasks != wanted)
            {
                swarm.Fail($"{service.Spec.Name}: {tasks} active tasks on {node.Id}, {wanted} wanted");
            }
        }
    }

    /// <summary>A task stays on a node that is down while no node has room for another of its service.</summary>
    internal static bool IsStranded(SimulatedSwarm swarm, SwarmTask task, Service service) =>
        IsAway(swarm, task) && !swarm.State.Nodes.Any(n => HasRoom(swarm.State, n, service));

    /// <summary>On a node that is down and may come back with it.</summary>
    internal static bool IsAway(SimulatedSwarm swarm, SwarmTask task) =>
        task is { Slot: > 0, NodeId: not null }
        && swarm.State.FindNode(task.NodeId)
            is { Status: { State: NodeState.Down, HasLeft: false }, Spec.Availability: not NodeAvailability.Drain };

    private static bool HasRoom(ClusterState state, Node node, Service service) => Places(state, node, service) > 0;

    /// <summary>How many further tasks of the service the node would take.</summary>
    internal static long Places(ClusterState state, Node node, Service service)
    {
        if (node is not { Status.State: NodeState.Ready, Spec.Availability: NodeAvailability.Active } || !Satisfies(node, service.Spec))
        {
            return 0;
        }
        var (cpus, memory) = Reserved(state, node.Id);
        var wanted = service.Spec.Resources.Reservations;
        var most = service.Spec.Placement.MaxReplicasPerNode;
        var there = state.TasksOfNode(node.Id).Count(t => t.ServiceId == service.Id && t.IsLive && t.Status.State >= TaskState.Assigned);
        return new[]
        {
            wanted.NanoCpus == 0 ? int.MaxValue : (node.Description.Resources.NanoCpus - cpus) / wanted.NanoCpus,
            wanted.MemoryBytes == 0 ? int.MaxValue : (node.Description.Resources.MemoryBytes - memory) / wanted.MemoryBytes,
            most == 0 ? int.MaxValue : (long)most - there,
        }
            .Select(p => Math.Max(p, 0))
            .Min();
    }

    /// <summary>The replicas of a service on a node. Both tasks of a slot that a start-first update moves within the node are one
    /// replica.</summary>
    private static HashSet<string> Replicas(ClusterState state, string serviceId, string nodeId) =>
        [
            .. state
                .TasksOfNode(nodeId)
                .Where(t => t.ServiceId == serviceId && t.IsLive && t.Status.State >= TaskState.Assigned)
                .Select(Replica),
        ];

    private static string Replica(SwarmTask task) => task.Slot > 0 ? $"slot {task.Slot}" : task.Id;

    private static (long Cpus, long Memory) Reserved(ClusterState state, string nodeId)
    {
        var (cpus, memory) = (0L, 0L);
        foreach (var task in state.TasksOfNode(nodeId))
        {
            if (
                task.Status.State is >= TaskState.Assigned and <= TaskState.Running
                && state.FindRevision(task.ServiceId, task.Revision) is { } revision
            )
            {
                cpus += revision.Spec.Resources.Reservations.NanoCpus;
                memory += revision.Spec.Resources.Reservations.MemoryBytes;
            }
        }
        return (cpus, memory);
    }

    /// <summary>The simulation only uses <c>node.labels.zone==…</c> and <c>!=…</c>.</summary>
    public static bool Satisfies(Node node, ServiceSpec spec)
    {
        foreach (var constraint in spec.Placement.Constraints)
        {
            var zone = node.Spec.Labels.TryGetValue("zone", out var value) ? value : "";
            var equal = constraint.StartsWith("node.labels.zone==", StringComparison.Ordinal);
            if (constraint["node.labels.zone==".Length..] == zone != equal)
            {
                return false;
            }
        }
        return true;
    }
}
