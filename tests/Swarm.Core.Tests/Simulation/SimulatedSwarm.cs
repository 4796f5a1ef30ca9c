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

    private readonly PriorityQueue<Action, (DateTimeOffset At, long Sequence)> _events = new();
    private readonly ControlLoopOptions _options;
    private readonly IdSource _ids;
    private readonly HashSet<string> _abandoned = new(StringComparer.Ordinal);
    private readonly StringBuilder? _history;
    private long _sequence;
    private int _term;
    private bool _inFlight;
    private bool _planScheduled;
    private DateTimeOffset? _wakeAt;

    public SimulatedSwarm(int seed, InjectedFault fault, bool recordHistory)
    {
        Seed = seed;
        Random = new Random(seed);
        _ids = IdSource.Seeded(seed);
        _options = new ControlLoopOptions { Fault = fault };
        _history = recordHistory ? new StringBuilder() : null;
        Now = Epoch;
        State = new ClusterState();
        State.Changed += Follow;
        Loop = new ControlLoop(State, this, _ids, _options);
    }

    public int Seed { get; }
    public Random Random { get; }
    public DateTimeOffset Now { get; private set; }
    public TimeSpan Elapsed => Now - Epoch;
    public ClusterState State { get; private set; }
    public ControlLoop Loop { get; private set; }
    public SortedDictionary<string, SimulatedAgent> Agents { get; } = new(StringComparer.Ordinal);

    /// <summary>The task that goes on while another, made by a start-first update, starts beside it; by the id of that other. Only these
    /// two
    /// may run at the same time in their slot.</summary>
    public Dictionary<string, string> GoesOnBeside { get; } = new(StringComparer.Ordinal);

    /// <summary>Tasks that were made in the place of one that a reachable node had.</summary>
    public HashSet<string> TookOver { get; } = new(StringComparer.Ordinal);

    /// <summary>The latest attempt of each service: the revision that it made, and the tasks that had failed before.</summary>
    public SortedDictionary<string, (ulong Revision, List<string> Failed)> Attempts { get; } = new(StringComparer.Ordinal);

    /// <summary>All commits with their times, as text; empty unless recorded.</summary>
    public string History => _history?.ToString() ?? "";

    public override DateTimeOffset GetUtcNow() => Now;

    public string NextId() => _ids.Next();

    public void Fail(string problem) => throw new SimulationFailedException(Seed, Elapsed, problem, History);

    /// <summary>Lets something happen after a random number of milliseconds.</summary>
    public void After(int fromMilliseconds, int toMilliseconds, Action action) =>
        At(Now.AddMilliseconds(Random.Next(fromMilliseconds, toMilliseconds + 1)), action);

    public void At(DateTimeOffset at, Action action) => _events.Enqueue(action, (at, _sequence++));

    /// <summary>Runs all events up to the moment.</summary>
    public void RunUntil(DateTimeOffset until)
    {
        while (_events.TryPeek(out var action, out var when) && when.At <= until)
        {
            _events.Dequeue();
            Now = when.At;
            if (_sequence > MostEvents)
            {
                Fail("it does not come to rest");
            }
            action();
        }
        Now = until;
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
        Wake();
    }

    /// <summary>Another manager takes over from a snapshot of the applied state, or (the same process again) by a reset. The batch in
    /// flight may be lost.</summary>
    public void ChangeLeader(bool fromSnapshot)
    {
        _term++;
        _inFlight = false;
        if (fromSnapshot)
        {
            var state = new ClusterState();
            state.Restore(State.Capture());
            State = state;
            State.Changed += Follow;
            Loop = new ControlLoop(State, this, _ids, _options);
        }
        else
        {
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
        if (Loop.HasWork(Now))
        {
            _planScheduled = true;
            After(0, 10, Plan);
        }
        else if (Loop.NextDeadline is { } at && (_wakeAt is null || at < _wakeAt))
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
        if (_inFlight || !Loop.HasWork(Now))
        {
            Wake();
            return;
        }
        var plan = Loop.Plan(Random.Next(8) == 0 ? Random.Next(1, 6) : 2000);
        Invariants.CheckPlan(this, plan);
        if (plan.Count == 0)
        {
            Invariants.CheckIdle(this);
            Wake();
            return;
        }
        _inFlight = true;
        var term = _term;
        After(
            1,
            25,
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
