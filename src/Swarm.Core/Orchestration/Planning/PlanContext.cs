using Swarm.Core.Constraints;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration.Reconcilers;
using Swarm.Core.Scheduling;
using Swarm.Core.State;
using Swarm.Core.Timing;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>A plan in the making: the applied state, the moment, and the changes so far.</summary>
/// <param name="state">Applied state.</param>
/// <param name="now">The wall clock, for the stamps of the changes. No wait is measured with it.</param>
/// <param name="ids">Gives the ids of new tasks.</param>
/// <param name="options">The loop's settings.</param>
/// <param name="limit">The approximate limit of changes.</param>
/// <param name="clock">Measures all waits. Null: the context asks no question of time.</param>
/// <param name="scheduler">Knows the room of the nodes. Null: the context asks no question of room.</param>
internal sealed class PlanContext(
    ClusterState state,
    DateTimeOffset now,
    IdSource ids,
    ControlLoopOptions options,
    int limit,
    LeaderClock? clock = null,
    Scheduler? scheduler = null
)
{
    private readonly Dictionary<(string ServiceId, ulong Revision), Constraint[]?> _constraints = [];
    private int _begin;
    private bool _anyClaimed;
    private readonly TimeSpan _moment = clock?.Now ?? TimeSpan.Zero;

    public ClusterState State { get; } = state;

    /// <summary>For stamps.</summary>
    public DateTimeOffset Now { get; } = now;
    public ControlLoopOptions Options { get; } = options;
    public List<StateChange> Changes { get; } = [];

    /// <summary>True when the plan is full and the next plan has to do the rest.</summary>
    public bool CutOff { get; private set; }

    /// <summary>The earliest moment at which the current service must be checked again, in the clock's time.</summary>
    public TimeSpan? Deadline { get; private set; }

    /// <summary>A task of the current service stays on a node that is down, because no other could take its replacement. The service must be
    /// checked again when a node changes.</summary>
    public bool HasStranded { get; private set; }

    /// <summary>Other services, or tasks that wait for a node, have claimed room before, and may not use it. Or there may be more room than this plan can
    /// use. The service must be checked again after this plan.</summary>
    public bool MayFindPlaces { get; private set; }

    /// <summary>Begins with the next service.</summary>
    public void Begin()
    {
        CutOff = false;
        Deadline = null;
        HasStranded = false;
        MayFindPlaces = false;
        _begin = Changes.Count;
    }

    /// <summary>True when there is no room for another step. A step is never divided, so a plan may be slightly larger than its
    /// limit.</summary>
    public bool IsFull()
    {
        if (Changes.Count >= limit)
        {
            CutOff = true;
        }
        return CutOff;
    }

    /// <summary>True when the wait that an event began is over; otherwise the current service is checked again at its end.</summary>
    /// <param name="id">The task or node to which it happened.</param>
    /// <param name="since">The stamp of the event.</param>
    /// <param name="wait">How long to wait.</param>
    public bool IsOver(string id, DateTimeOffset since, TimeSpan wait)
    {
        return HasPassed(Options.Fault == InjectedFault.WaitByWallClock ? _moment + (since + wait - Now) : MomentOf(id, since) + wait);
    }

    /// <summary>As <see cref="IsOver"/>, but time before this manager led does not count. It is for waits whose end does harm when it comes
    /// too early: the stamps of another leader may be wrong.</summary>
    public bool IsOverHere(string id, DateTimeOffset since, TimeSpan wait)
    {
        var begin = MomentOf(id, since);
        return HasPassed((begin > clock!.LeadsSince ? begin : clock.LeadsSince) + wait);
    }

    private bool HasPassed(TimeSpan end)
    {
        if (end <= _moment)
        {
            return true;
        }
        if (Deadline is null || end < Deadline)
        {
            Deadline = end;
        }
        return false;
    }

    /// <summary>The moment of an event, for the time between two of them.</summary>
    public TimeSpan MomentOf(string id, DateTimeOffset stamp) =>
        (clock ?? throw new InvalidOperationException("This context has no clock.")).MomentOf(id, stamp);

    public Node? NodeOf(SwarmTask task) => task.NodeId is null ? null : State.FindNode(task.NodeId);

    /// <summary>True when the task was asked to end, has not ended, and its node is there to stop it.</summary>
    public bool IsStopping(SwarmTask task) => task.DesiredState > TaskState.Running && MayRun(task);

    /// <summary>True when an agent that can be reached may run the task.</summary>
    public bool MayRun(SwarmTask task) =>
        task.Status.State is >= TaskState.Assigned and <= TaskState.Running && !NodeHealth.IsLost(NodeOf(task));

    /// <summary>True for a task that goes on when its node is back: the node is down, was not drained, and has not left.</summary>
    public bool IsAway(SwarmTask task) =>
        task.IsLive && NodeOf(task) is { Status.State: NodeState.Down } node && NodeHealth.MayReturn(node);

    /// <summary>Claims places for the replacements of tasks that are away. The claims hold during this plan.</summary>
    /// <returns>The number of replacements that nodes would take, at most <paramref name="most"/>. The other tasks stay where they
    /// are.</returns>
    public int ClaimPlaces(Service service, int most)
    {
        if (scheduler is null)
        {
            throw new InvalidOperationException("This context has no scheduler.");
        }
        // Tasks beyond the limit of this plan ask again in the next one.
        var now = Math.Min(most, Math.Max(limit - Changes.Count, 1));
        var places = Options.Fault switch
        {
            InjectedFault.ReplaceWithoutRoom => Scheduler.IsTakenSomewhere(State, service.Spec) ? now : 0,
            _ => scheduler.ClaimPlaces(service, now),
        };
        HasStranded |= places < most;
        MayFindPlaces |= places < most && (_anyClaimed || scheduler.IsClaimedForQueued || places == now);
        _anyClaimed |= places > 0;
        return places;
    }

    /// <summary>The tasks that this plan has made for the current service in the place of others that an update stopped.</summary>
    public int CountTakingOver()
    {
        var count = 0;
        for (var i = _begin; i < Changes.Count; i++)
        {
            count += Changes[i] is StateChange.TaskCreate { Task.TakesOver: true } ? 1 : 0;
        }
        return count;
    }

    /// <summary>Raises the desired state. A task that was never sent to a node has nothing to stop, so it is deleted instead.</summary>
    public void End(SwarmTask task, TaskState desired)
    {
        if (task.Status.State < TaskState.Assigned)
        {
            Changes.Add(new StateChange.TaskRemove(task.Id));
        }
        else if (task.DesiredState < desired)
        {
            Changes.Add(new StateChange.TaskDesire(task.Id, desired));
        }
    }

    /// <summary>Creates the next task of a slot from the service's current revision.</summary>
    /// <param name="waits">The new task waits until another task of its slot has stopped.</param>
    /// <param name="delay">Restart delay; null: none.</param>
    /// <param name="ofUpdate">An update makes the task: see <see cref="Updater.IsOfUpdate"/>.</param>
    /// <param name="takesOver">See <see cref="SwarmTask.TakesOver"/>.</param>
    public void Create(
        Service service,
        Slot slot,
        bool waits,
        TimeSpan? delay = null,
        uint restartCount = 0,
        bool ofUpdate = false,
        bool takesOver = false
    )
    {
        Changes.Add(
            new StateChange.TaskCreate(
                new SwarmTask
                {
                    Id = ids.Next(),
                    ServiceId = service.Id,
                    Revision = service.Revision,
                    Slot = slot.Number,
                    NodeId = slot.NodeId,
                    DesiredState = waits || delay is not null ? TaskState.Ready : TaskState.Running,
                    Status = new TaskStatus
                    {
                        State = TaskState.Pending,
                        Timestamp = Now,
                        Message = "pending task scheduling",
                    },
                    CreatedAt = Now,
                    Ordinal = (slot.Newest?.Ordinal ?? 0) + 1,
                    // An earlier swarmd that takes over knows the update's tasks by the equal moments.
                    StartAfter = ofUpdate ? Now : Now + delay,
                    Update = ofUpdate ? service.UpdateStatus?.Number ?? 0 : 0,
                    RestartCount = restartCount,
                    TakesOver = takesOver,
                }
            )
        );
    }

    /// <summary>True when the node satisfies the placement constraints of the spec. No node satisfies a constraint that cannot be
    /// read.</summary>
    public bool MeetsConstraints(Node node, string serviceId, ulong revision, ServiceSpec spec)
    {
        if (spec.Placement.Constraints.Count == 0)
        {
            return true;
        }
        if (!_constraints.TryGetValue((serviceId, revision), out var constraints))
        {
            _constraints[(serviceId, revision)] = constraints = Read(spec.Placement.Constraints);
        }
        return constraints is not null && Array.TrueForAll(constraints, c => c.Matches(node));
    }

    private static Constraint[]? Read(ValueList<string> expressions)
    {
        var constraints = new Constraint[expressions.Count];
        for (var i = 0; i < constraints.Length; i++)
        {
            if (!Constraint.TryParseStored(expressions[i], out var constraint, out _))
            {
                return null;
            }
            constraints[i] = constraint;
        }
        return constraints;
    }
}
