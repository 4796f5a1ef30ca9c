using System.Runtime.CompilerServices;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Tests.Scheduling;

namespace Swarm.Core.Tests.State;

public sealed class ClusterStateTests
{
    private readonly SwarmFixture _swarm = new();

    private ClusterState State => _swarm.State;

    [Fact]
    public void A_desired_state_only_rises()
    {
        var task = OneTask();
        _swarm.Apply(new StateChange.TaskDesire(task, TaskState.Shutdown));
        _swarm.Apply(new StateChange.TaskDesire(task, TaskState.Running));
        Assert.Equal(TaskState.Shutdown, State.FindTask(task)!.DesiredState);
        _swarm.Apply(new StateChange.TaskDesire(task, TaskState.Remove));
        Assert.Equal(TaskState.Remove, State.FindTask(task)!.DesiredState);
    }

    /// <summary>A kind that a later version has.</summary>
    private sealed record Later(StateChange Any) : StateChange(Any)
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) { }

        public override int EstimateSize() => 0;
    }

    [Fact]
    public void A_change_of_an_unknown_kind_is_an_error()
    {
        var later = new Later(new StateChange.NodeRemove("node1"));

        var error = Assert.Throws<InvalidOperationException>(() => State.Apply([later], State.Index + 1));

        Assert.Contains("no change of the kind Later", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A kind that nobody applies would be an error on every manager as soon as it is in the log.</summary>
    [Fact]
    public void Every_kind_of_change_is_known()
    {
        foreach (var kind in typeof(StateChange).GetNestedTypes())
        {
            // Without its properties a change of a known kind may fail in other ways.
            var error = Record.Exception(() => new ClusterState().Apply([(StateChange)RuntimeHelpers.GetUninitializedObject(kind)], 1));

            Assert.False(error is InvalidOperationException, $"{kind.Name}: {error?.Message}");
        }
    }

    [Fact]
    public void A_change_of_what_is_gone_does_nothing()
    {
        var task = OneTask();
        var gone = State.FindTask(task)!;
        _swarm.Apply(new StateChange.TaskRemove(task));
        var before = State.Capture();

        _swarm.Apply(new StateChange.TaskDesire(task, TaskState.Shutdown));
        _swarm.Apply(new StateChange.TaskObserve(task, gone.Status with { State = TaskState.Failed }));
        _swarm.Apply(new StateChange.TaskRemove(task));
        _swarm.Apply(new StateChange.NodeRemove("gone"));
        _swarm.Apply(new StateChange.ServiceRemove("gone"));

        var after = State.Capture();
        Assert.Equal(before.Tasks, after.Tasks);
        Assert.Equal(before.Nodes, after.Nodes);
        Assert.Equal(before.Services, after.Services);
    }

    [Fact]
    public void An_observed_state_never_moves_back()
    {
        var task = OneTask();
        _swarm.Observe(task, TaskState.Running);
        _swarm.Observe(task, TaskState.Starting);
        Assert.Equal(TaskState.Running, State.FindTask(task)!.Status.State);
        // Within one state its details may change.
        var status = State.FindTask(task)!.Status with
        {
            Message = "started",
        };
        _swarm.Apply(new StateChange.TaskObserve(task, status));
        Assert.Equal(status, State.FindTask(task)!.Status);
    }

    [Fact]
    public void A_task_is_assigned_once()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        var task = OneTask();
        _swarm.Apply(new StateChange.TaskPendingSet(task, new PendingReasons([new PendingReason("ready", 1, "state is Down")])));
        _swarm.Apply(new StateChange.TaskAssign(task, "a", _swarm.Now));
        _swarm.Apply(new StateChange.TaskAssign(task, "b", _swarm.Now));
        var assigned = State.FindTask(task)!;
        Assert.Equal("a", assigned.NodeId);
        Assert.Equal(TaskState.Assigned, assigned.Status.State);
        Assert.Null(assigned.Pending);
        Assert.Equal([assigned], State.TasksOfNode("a"));
        Assert.Empty(State.TasksOfNode("b"));
    }

    [Fact]
    public void A_second_task_with_an_id_that_exists_is_ignored()
    {
        var task = OneTask();
        var before = State.FindTask(task);
        _swarm.Apply(new StateChange.TaskCreate(before! with { Slot = 9 }));
        Assert.Same(before, State.FindTask(task));
    }

    [Fact]
    public void Changes_of_what_is_gone_do_nothing()
    {
        var changes = new List<ChangedObject>();
        State.Changed += changes.Add;
        _swarm.Apply(
            new StateChange.NodeSpecSet("x", NodeSpec.Default, _swarm.Now),
            new StateChange.NodeStatusSet("x", NodeStatus.New, _swarm.Now),
            new StateChange.NodeDescriptionSet("x", NodeDescription.Unknown, _swarm.Now),
            new StateChange.NodeRoleSet("x", NodeRole.Manager, _swarm.Now),
            new StateChange.NodeRemove("x"),
            new StateChange.ServiceSpecSet("x", SwarmFixture.Spec("x"), 2, null, null, _swarm.Now),
            new StateChange.ServiceUpdateStatusSet("x", null, _swarm.Now),
            new StateChange.ServiceRemove("x"),
            new StateChange.RevisionRemove("x", 1),
            new StateChange.TaskAssign("x", "y", _swarm.Now),
            new StateChange.TaskDesire("x", TaskState.Shutdown),
            new StateChange.TaskObserve("x", new TaskStatus { State = TaskState.Running, Timestamp = _swarm.Now }),
            new StateChange.TaskPendingSet("x", null),
            new StateChange.TaskRemove("x")
        );
        Assert.Empty(changes);
        Assert.Empty(State.Tasks);
        Assert.Equal(1UL, State.Index);
    }

    [Fact]
    public void Indexes_follow_a_task_through_its_life()
    {
        _swarm.AddNode("a");
        var task = OneTask();
        Assert.Equal(1, State.CountTasksOfService("web"));
        Assert.Empty(State.TasksOfNode("a"));
        _swarm.Schedule();
        Assert.Equal([State.FindTask(task)!], State.TasksOfService("web"));
        Assert.Equal([State.FindTask(task)!], State.TasksOfNode("a"));
        _swarm.Observe(task, TaskState.Running);
        Assert.Equal(TaskState.Running, State.TasksOfService("web").Single().Status.State);
        Assert.Equal(TaskState.Running, State.TasksOfNode("a").Single().Status.State);
        _swarm.Apply(new StateChange.TaskRemove(task));
        Assert.Empty(State.TasksOfService("web"));
        Assert.Empty(State.TasksOfNode("a"));
        Assert.Equal(0, State.CountTasksOfService("web"));
    }

    [Fact]
    public void Revisions_of_a_removed_service_stay_until_its_last_task_is_gone()
    {
        var task = OneTask();
        _swarm.Apply(new StateChange.ServiceRemove("web"));
        Assert.NotNull(State.FindRevision("web", 1));
        _swarm.Apply(new StateChange.TaskRemove(task));
        Assert.Null(State.FindRevision("web", 1));
    }

    [Fact]
    public void Ids_that_come_from_a_log_share_the_strings_of_what_they_name()
    {
        _swarm.AddNode("a");
        var task = OneTask();
        _swarm.Apply(new StateChange.TaskAssign(task, new string("a".AsSpan()), _swarm.Now));
        var copy = new ClusterState();
        var snapshot = State.Capture();
        var fromLog = snapshot.Tasks.Select(t =>
            t with
            {
                ServiceId = new string(t.ServiceId.AsSpan()),
                NodeId = new string(t.NodeId.AsSpan()),
            }
        );
        copy.Restore(snapshot with { Tasks = [.. fromLog] });
        foreach (var state in new[] { State, copy })
        {
            Assert.Same(state.FindService("web")!.Id, state.FindTask(task)!.ServiceId);
            Assert.Same(state.FindNode("a")!.Id, state.FindTask(task)!.NodeId);
        }
    }

    [Fact]
    public void Assignments_of_one_batch_share_their_status()
    {
        _swarm.AddNode("a");
        var tasks = _swarm.Run(SwarmFixture.Spec("web"), 2);
        Assert.Same(State.FindTask(tasks[0])!.Status, State.FindTask(tasks[1])!.Status);
        _swarm.Now = _swarm.Now.ToOffset(TimeSpan.FromHours(1));
        var later = _swarm.Run(SwarmFixture.Spec("later"), 1)[0];
        Assert.Equal(TimeSpan.FromHours(1), State.FindTask(later)!.Status.Timestamp.Offset);
    }

    [Fact]
    public void Capture_and_restore_are_inverse()
    {
        for (var seed = 1; seed <= 30; seed++)
        {
            var state = Random(seed);
            var first = state.Capture();
            var copy = new ClusterState();
            copy.Restore(Random(seed + 1000).Capture());
            copy.Restore(first);
            AssertEqual(first, copy.Capture(), seed);

            foreach (var service in first.Services)
            {
                Assert.Equal(Ids(state.TasksOfService(service.Id)), Ids(copy.TasksOfService(service.Id)));
                Assert.Equal(state.RevisionsOf(service.Id), copy.RevisionsOf(service.Id));
                Assert.Equal(service, copy.FindServiceByName(service.Spec.Name));
            }
            foreach (var node in first.Nodes)
            {
                Assert.Equal(Ids(state.TasksOfNode(node.Id)), Ids(copy.TasksOfNode(node.Id)));
            }
        }
    }

    private static void AssertEqual(StateSnapshot expected, StateSnapshot actual, int seed)
    {
        Assert.True(expected.Index == actual.Index && Equals(expected.Cluster, actual.Cluster), $"Seed {seed}.");
        Assert.Equal(expected.Nodes, actual.Nodes);
        Assert.Equal(expected.Services, actual.Services);
        Assert.Equal(expected.Revisions, actual.Revisions);
        Assert.Equal(expected.Tasks, actual.Tasks);
        Assert.Equal(expected.Requests, actual.Requests);
    }

    private static IEnumerable<string> Ids(IEnumerable<SwarmTask> tasks) => tasks.Select(t => t.Id).Order(StringComparer.Ordinal);

    private static ClusterState Random(int seed)
    {
        var random = new Random(seed);
        var swarm = new SwarmFixture();
        for (var i = random.Next(5); i >= 0; i--)
        {
            swarm.AddNode($"n{random.Next(100)}-{i}");
        }
        for (var i = random.Next(6); i >= 0; i--)
        {
            var tasks = swarm.Run(SwarmFixture.Spec($"s{random.Next(100)}-{i}", maxReplicas: (ulong)random.Next(4)), random.Next(1, 12));
            foreach (var task in tasks)
            {
                if (random.Next(3) == 0)
                {
                    swarm.Observe(task, (TaskState)random.Next((int)TaskState.Accepted, (int)TaskState.Rejected));
                }
                if (random.Next(5) == 0)
                {
                    swarm.Apply(new StateChange.TaskRemove(task));
                }
            }
            swarm.Apply(new StateChange.RequestRecord($"request{i}", tasks[0], swarm.Now));
        }
        if (random.Next(2) == 0)
        {
            var service = swarm.State.Services.First();
            swarm.Apply(new StateChange.ServiceSpecSet(service.Id, SwarmFixture.Spec(service.Spec.Name), 2, null, null, swarm.Now));
            swarm.Apply(new StateChange.ServiceRemove(swarm.State.Services.Last().Id));
        }
        return swarm.State;
    }

    private string OneTask()
    {
        _swarm.AddService(SwarmFixture.Spec("web"));
        return _swarm.AddTask("web");
    }
}
