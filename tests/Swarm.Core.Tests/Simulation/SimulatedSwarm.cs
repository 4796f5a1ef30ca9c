using System.Text;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Simulation;

/// <summary>A leader with its log, and its agents, in virtual time. The seed determines every event.</summary>
internal sealed class SimulatedSwarm : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Many times the need of any seed.</summary>
    private const int MostEvents = 100_000;

    private readonly PriorityQueue<Action, (TimeSpan At, long Sequence)> _events = new();
    private readonly ControlLoopOptions _options;
    private readonly IdSource _ids;
    private readonly HashSet<string> _abandoned = new(StringComparer.Ordinal);
    private readonly StringBuilder? _history;
    private long _sequence;
    private int _term;
    private bool _inFlight;
    private bool _planScheduled;
    private TimeSpan? _wakeAt;

    public SimulatedSwarm(int seed, InjectedFault fault, bool recordHistory)
    {
        Seed = seed;
        Random = new Random(seed);
        _ids = IdSource.Seeded(seed);
        _options = new ControlLoopOptions { Fault = fault };
        _history = recordHistory ? new StringBuilder() : null;
        Waits = new WaitInvariants(this);
        State = new ClusterState();
        State.Changed += Follow;
        Loop = new ControlLoop(State, this, _ids, _options);
    }

    public int Seed { get; }
    public Random Random { get; }

    /// <summary>The true time since the beginning.</summary>
    public TimeSpan Elapsed { get; private set; }
    public DateTimeOffset TrueTime => Epoch + Elapsed;

    /// <summary>The leader's wall clock.</summary>
    public DateTimeOffset Now => TrueTime + ClockError;
    public TimeSpan ClockError { get; private set; }
    public Disk Disk { get; } = new();
    public WaitInvariants Waits { get; }
    public InjectedFault Fault => _options.Fault;
    public ClusterState State { get; private set; }
    public ControlLoop Loop { get; private set; }
    public SortedDictionary<string, SimulatedAgent> Agents { get; } = new(StringComparer.Ordinal);

    /// <summary>The task that goes on while another, made by a start-first update, starts beside it; by the id of that other. Only these
    /// two
    /// may run at the same time in their slot.</summary>
    public Dictionary<string, string> GoesOnBeside { get; } = new(StringComparer.Ordinal);

    /// <summary>Tasks for which an update took the place of one that a reachable node had, and their successors in the same update.</summary>
    public HashSet<string> TookOver { get; } = new(StringComparer.Ordinal);

    /// <summary>Updates that went on after an attempt: their present number and their first one, by service.</summary>
    public Dictionary<string, (ulong Number, ulong First)> Continued { get; } = new(StringComparer.Ordinal);

    /// <summary>The latest attempt of each service: the revision that it made, and the tasks that had failed before or waited for their
    /// restart.</summary>
    public SortedDictionary<string, (ulong Revision, List<string> Failed)> Attempts { get; } = new(StringComparer.Ordinal);

    /// <summary>All commits with their times, as text; empty unless recorded.</summary>
    public string History => _history?.ToString() ?? "";

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Elapsed.Ticks;

    /// <summary>True for a task that the present update of its service made, also before attempts in its course.</summary>
    public bool IsOfPresentUpdate(SwarmTask task, Service service)
    {
        var number = service.UpdateStatus?.Number ?? 0;
        var first = Continued.TryGetValue(service.Id, out var known) && known.Number == number ? known.First : number;
        return number > 0 && task.Update >= first && task.Update <= number;
    }

    /// <summary>Sets the leader's wall clock forward, or back.</summary>
    public void StepClock(TimeSpan by)
    {
        _history?.Append(Elapsed).Append(" the clock is set by ").Append(by).Append('\n');
        ClockError += by;
    }

    /// <summary>The loop waits for a deadline or for nothing.</summary>
    public bool IsAtRest => !_planScheduled && !_inFlight && !Loop.HasWork;

    public string NextId() => _ids.Next();

    public void Fail(string problem) => throw new SimulationFailedException(Seed, Elapsed, problem, History);

    /// <summary>Lets something happen after a random number of milliseconds.</summary>
    public void After(int fromMilliseconds, int toMilliseconds, Action action) =>
        At(Elapsed + TimeSpan.FromMilliseconds(Random.Next(fromMilliseconds, toMilliseconds + 1)), action);

    public void At(TimeSpan at, Action action) => _events.Enqueue(action, (at, _sequence++));

    /// <summary>Runs all events of that time.</summary>
    public void Run(TimeSpan time)
    {
        var until = Elapsed + time;
        while (_events.TryPeek(out var action, out var when) && when.At <= until)
        {
            _events.Dequeue();
            Elapsed = when.At;
            if (_sequence > MostEvents)
            {
                Fail("it does not come to rest");
            }
            action();
        }
        Elapsed = until;
        Waits.CheckWaiting();
    }

    /// <summary>Appends to the log as agents and users do, at any moment of the leader's work.</summary>
    public void Commit(IReadOnlyList<StateChange> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }
        if (_history is not null)
        {
            foreach (var change in changes)
            {
                _history.Append(Elapsed).Append(' ').Append(change).Append('\n');
            }
        }
        State.Apply(changes, State.Index + 1);
        Invariants.CheckTasks(this);
        NetworkInvariants.CheckHolders(this);
        Wake();
    }

    /// <summary>Appends to the log once the disk has written it. With another leader before that, it is lost.</summary>
    public void Propose(IReadOnlyList<StateChange> changes, Action lost)
    {
        var term = _term;
        var delay = Disk.Write(Elapsed, Random);
        if (delay == TimeSpan.Zero)
        {
            Commit(changes);
            return;
        }
        At(
            Elapsed + delay,
            () =>
            {
                if (term == _term)
                {
                    Commit(changes);
                }
                else
                {
                    lost();
                }
            }
        );
    }

    /// <summary>Does something after everything that was proposed, as a new session of an agent begins.</summary>
    public void AfterWrites(Action action)
    {
        if (Disk.BusyUntil <= Elapsed)
        {
            action();
        }
        else
        {
            At(Disk.BusyUntil, action);
        }
    }

    /// <summary>Another manager takes over from a snapshot of the applied state, or (the same process again) by a reset. The batch in
    /// flight may be lost.</summary>
    public void ChangeLeader(bool fromSnapshot)
    {
        _term++;
        _inFlight = false;
        Waits.TakeOver();
        if (fromSnapshot)
        {
            var state = new ClusterState();
            state.Restore(State.Capture());
            State = state;
            State.Changed += Follow;
            if (Random.Next(3) == 0)
            {
                // Another machine, another clock.
                StepClock(Scenario.AnyStep(Random));
            }
            Loop = new ControlLoop(State, this, _ids, _options);
        }
        else
        {
            Loop.Lead();
            Loop.Reset();
        }
        Wake();
    }

    /// <summary>True when the manager cannot know the fate of the task.</summary>
    public bool IsAbandoned(string taskId, string nodeId)
    {
        var node = State.FindNode(nodeId);
        return node is null
            || node.Status.State == NodeState.Down
            || (_abandoned.Contains(taskId) && State.FindTask(taskId) is not { DesiredState: <= TaskState.Running });
    }

    public void CheckContainers() => Invariants.CheckContainers(this);

    private void Wake()
    {
        if (_planScheduled || _inFlight)
        {
            return;
        }
        if (Loop.HasWork)
        {
            _planScheduled = true;
            After(0, 10, Plan);
        }
        else if (Loop.NextWait is { } wait && Elapsed + wait is var at && (_wakeAt is null || at < _wakeAt))
        {
            _wakeAt = at;
            At(
                at,
                () =>
                {
                    if (_wakeAt == at)
                    {
                        _wakeAt = null;
                    }
                    Wake();
                }
            );
        }
    }

    private void Plan()
    {
        _planScheduled = false;
        if (_inFlight || !Loop.HasWork)
        {
            Wake();
            return;
        }
        var plan = Loop.Plan(Random.Next(8) == 0 ? Random.Next(1, 6) : 2000);
        Invariants.CheckPlan(this, plan);
        Waits.CheckPlan(plan);
        if (plan.Count == 0)
        {
            Invariants.CheckIdle(this);
            Wake();
            return;
        }
        _inFlight = true;
        var term = _term;
        At(
            Elapsed + Disk.Write(Elapsed, Random) + TimeSpan.FromMilliseconds(Random.Next(1, 26)),
            () =>
            {
                if (term == _term)
                {
                    _inFlight = false;
                    Commit(plan);
                }
            }
        );
    }

    private void Follow(ChangedObject change)
    {
        Waits.Follow(change);
        if (change is ChangedObject.OfTask(var before, var after) && (after ?? before)!.NodeId is { } nodeId)
        {
            Agents.GetValueOrDefault(nodeId)?.ScheduleSync();
        }
        else if (change is ChangedObject.OfNode(_, var node) && node?.Status.State == NodeState.Down)
        {
            foreach (var task in State.TasksOfNode(node.Id))
            {
                _abandoned.Add(task.Id);
            }
        }
    }
}
