using Microsoft.Extensions.Time.Testing;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

/// <summary>A swarm without machines: state, control loop, a clock that the test moves, and agents that the test controls.</summary>
internal sealed class TestSwarm
{
    private readonly IdSource _ids = IdSource.Seeded(7);

    public TestSwarm(int nodes = 0, ControlLoopOptions? options = null)
    {
        Options = options;
        Clock = new SteppingClock(Time);
        Loop = new ControlLoop(State, Clock, _ids, options);
        Start = Time.GetUtcNow();
        for (var i = 1; i <= nodes; i++)
        {
            AddNode($"node{i}");
        }
    }

    public ControlLoopOptions? Options { get; }
    public ClusterState State { get; private set; } = new();
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>The manager's clock: <see cref="Time"/>, and its steps.</summary>
    public SteppingClock Clock { get; }
    public ControlLoop Loop { get; private set; }
    public DateTimeOffset Start { get; }

    /// <summary>The manager's wall clock.</summary>
    public DateTimeOffset Now => Clock.GetUtcNow();

    /// <summary>The moment of the loop's next work, by the wall clock; null: never.</summary>
    public DateTimeOffset? NextDeadline => Loop.NextWait is { } wait ? Now + wait : null;
    public Service this[string name] => State.FindServiceByName(name)!;

    public static ServiceSpec Spec(string name, ulong replicas = 1, string image = "redis:1") =>
        new()
        {
            Name = name,
            Container = new ContainerSpec { Image = image },
            Mode = new ServiceMode.Replicated(replicas),
        };

    public static ServiceSpec GlobalSpec(string name) => Spec(name) with { Mode = new ServiceMode.Global() };

    public void Apply(params IReadOnlyList<StateChange> changes) => State.Apply(changes, State.Index + 1);

    /// <summary>The limit of tasks per slot, the running task included.</summary>
    public void SetHistoryLimit(int limit) => Apply(Set(ClusterSettings.Default with { TaskHistoryLimit = limit }, Now));

    /// <summary>The change that gives a cluster without keys its settings.</summary>
    public static StateChange.ClusterSet Set(ClusterSettings settings, DateTimeOffset now) =>
        new(
            new Cluster
            {
                Id = "cluster",
                CreatedAt = now,
                UpdatedAt = now,
                RootCertificate = [],
                RootKey = [],
                WorkerJoinSecret = "",
                ManagerJoinSecret = "",
                Settings = settings,
            }
        );

    public void AddNode(string id, ValueMap? labels = null, long cpus = 4, long memory = 1L << 30) =>
        Apply(
            new StateChange.NodeCreate(
                new Node
                {
                    Id = id,
                    Number = State.CopyPools().TakeNodeNumber(),
                    CreatedAt = Now,
                    UpdatedAt = Now,
                    Spec = NodeSpec.Default with { Labels = labels ?? ValueMap.Empty },
                    Description = NodeDescription.Unknown with
                    {
                        Hostname = id,
                        Os = "linux",
                        Architecture = "x86_64",
                        Resources = new ResourceAmount(cpus * 1_000_000_000, memory),
                    },
                    Status = NodeStatus.New with { State = NodeState.Ready, Since = Now },
                }
            )
        );

    public void SetState(string nodeId, NodeState state) =>
        Apply(new StateChange.NodeStatusSet(nodeId, State.FindNode(nodeId)!.Status with { State = state, Since = Now }, Now));

    public void Leave(string nodeId)
    {
        var status = new NodeStatus
        {
            State = NodeState.Down,
            Message = "left the swarm",
            Since = Now,
            HasLeft = true,
        };
        Apply(new StateChange.NodeStatusSet(nodeId, status, Now));
    }

    public void SetAvailability(string nodeId, NodeAvailability availability) =>
        Apply(new StateChange.NodeSpecSet(nodeId, State.FindNode(nodeId)!.Spec with { Availability = availability }, Now));

    public void SetLabels(string nodeId, ValueMap labels) =>
        Apply(new StateChange.NodeSpecSet(nodeId, State.FindNode(nodeId)!.Spec with { Labels = labels }, Now));

    public Service Create(ServiceSpec spec)
    {
        Apply(ServiceChanges.Create(_ids.Next(), spec, null, Now));
        return this[spec.Name];
    }

    public void Update(string name, Func<ServiceSpec, ServiceSpec> change) =>
        Apply(ServiceChanges.Update(State, this[name], change(this[name].Spec), null, Now));

    /// <summary>As <c>Set-SwarmService</c> with an image or a credential, and nothing that changes the task template.</summary>
    public void Attempt(string name, RegistryCredential? credential = null) =>
        Apply(ServiceChanges.Update(State, this[name], this[name].Spec, credential, Now, newAttempt: true));

    public void SetImage(string name, string image) => Update(name, s => s with { Container = s.Container with { Image = image } });

    public void Scale(string name, ulong replicas) => Update(name, s => s with { Mode = new ServiceMode.Replicated(replicas) });

    public void Rollback(string name, ulong revision = 0) => Apply(ServiceChanges.Rollback(State, this[name], revision, Now));

    /// <summary>Lets the control loop plan until it has nothing to add. Agents do nothing meanwhile.</summary>
    public void Settle()
    {
        for (var i = 0; i < 1000; i++)
        {
            var plan = Loop.Plan();
            if (plan.Count == 0 && !Loop.HasWork)
            {
                return;
            }
            Apply(plan);
        }
        Assert.Fail("the control loop does not come to rest");
    }

    /// <summary>Runs the loop and obedient agents until both have nothing left to do at this moment.</summary>
    public void Converge(Func<SwarmTask, bool>? obeys = null)
    {
        for (var i = 0; i < 1000; i++)
        {
            Settle();
            var reports = Obey(obeys ?? (static _ => true));
            if (reports.Count == 0)
            {
                return;
            }
            Apply(reports);
        }
        Assert.Fail("the swarm does not come to rest");
    }

    /// <summary>Moves the time and converges at every deadline on the way.</summary>
    public void Advance(TimeSpan by, Func<SwarmTask, bool>? obeys = null)
    {
        var until = Time.GetUtcNow() + by;
        while (Loop.NextWait is { } wait && Time.GetUtcNow() + wait <= until)
        {
            Time.Advance(wait);
            Converge(obeys);
        }
        Time.SetUtcNow(until);
        Converge(obeys);
    }

    public void Observe(SwarmTask task, TaskState state, string error = "") =>
        Apply(
            new StateChange.TaskObserve(
                task.Id,
                State.FindTask(task.Id)!.Status with
                {
                    State = state,
                    Timestamp = Now,
                    Error = error,
                    Message = state.ToString(),
                }
            )
        );

    public void Fail(SwarmTask task) => Observe(task, TaskState.Failed, "task: non-zero exit (1)");

    /// <summary>A new leader, with the same state from a snapshot.</summary>
    public void ChangeLeader()
    {
        var state = new ClusterState();
        state.Restore(State.Capture());
        State = state;
        Loop = new ControlLoop(state, Clock, _ids, Options);
    }

    public List<SwarmTask> Tasks(string service)
    {
        var tasks = State.TasksOfService(this[service].Id).ToList();
        tasks.Sort((a, b) => a.Slot != b.Slot ? a.Slot.CompareTo(b.Slot) : Swarm.Core.Orchestration.Planning.Slot.InOrder(a, b));
        return tasks;
    }

    /// <summary>The tasks that were not asked to end, by slot.</summary>
    public List<SwarmTask> Active(string service) => Tasks(service).FindAll(t => t.DesiredState <= TaskState.Running);

    public List<SwarmTask> Running(string service) => Active(service).FindAll(t => t.Status.State == TaskState.Running);

    public SwarmTask Slot(string service, uint slot) => Assert.Single(Active(service), t => t.Slot == slot);

    public SwarmTask Task(string id) => State.FindTask(id)!;

    private List<StateChange> Obey(Func<SwarmTask, bool> obeys)
    {
        var reports = new List<StateChange>();
        foreach (var task in State.Tasks.OrderBy(t => t.Id, StringComparer.Ordinal))
        {
            if (
                task.Status.State is < TaskState.Assigned or > TaskState.Running
                || State.FindNode(task.NodeId!)?.Status.State != NodeState.Ready
                || !obeys(task)
            )
            {
                continue;
            }
            var reached =
                task.DesiredState > TaskState.Running ? TaskState.Shutdown
                : task.DesiredState == TaskState.Running ? TaskState.Running
                : TaskState.Ready;
            if (reached > task.Status.State)
            {
                var status = task.Status with { State = reached, Timestamp = Now, Message = reached.ToString() };
                reports.Add(new StateChange.TaskObserve(task.Id, status));
            }
        }
        return reports;
    }
}
