using Swarm.Core.Model;
using Swarm.Core.Scheduling;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Scheduling;

public sealed class RetryTests
{
    private readonly SwarmFixture _swarm = new();

    [Fact]
    public void Reasons_are_put_out_once()
    {
        _swarm.AddNode("a", NodeState.Down);
        _swarm.AddService(SwarmFixture.Spec("web"));
        var task = _swarm.AddTask("web");
        Assert.Equal([task], _swarm.Schedule().OfType<StateChange.TaskPendingSet>().Select(c => c.TaskId));
        Assert.False(_swarm.Scheduler.HasWork);
        // A heartbeat's message changes nothing that a filter looks at.
        _swarm.Apply(new StateChange.NodeStatusSet("a", _swarm.State.FindNode("a")!.Status with { Message = "still away" }, _swarm.Now));
        Assert.False(_swarm.Scheduler.HasWork);
        Assert.Empty(_swarm.Schedule());
    }

    [Fact]
    public void A_pending_task_is_retried_when_a_node_becomes_ready()
    {
        _swarm.AddNode("a", NodeState.Down);
        var tasks = _swarm.Run(SwarmFixture.Spec("web"), 1);
        _swarm.SetNode("a", NodeState.Ready);
        Assert.True(_swarm.Scheduler.HasWork);
        _swarm.Schedule();
        Assert.Equal("a", _swarm.Where(tasks));
        Assert.Null(_swarm.State.FindTask(tasks[0])!.Pending);
    }

    [Fact]
    public void A_pending_task_is_retried_when_a_node_is_active_again_joins_or_gets_a_label()
    {
        _swarm.AddNode("a", availability: NodeAvailability.Drain);
        var one = _swarm.Run(SwarmFixture.Spec("one"), 1);
        _swarm.SetNode("a", availability: NodeAvailability.Active);
        _swarm.Schedule();
        Assert.Equal("a", _swarm.Where(one));

        var two = _swarm.Run(SwarmFixture.Spec("two", ["node.id!=a"]), 1);
        _swarm.AddNode("b");
        _swarm.Schedule();
        Assert.Equal("b", _swarm.Where(two));

        var three = _swarm.Run(SwarmFixture.Spec("three", ["node.labels.disk==ssd"]), 1);
        Assert.Equal(["constraints:2:node.labels.disk==ssd is not met"], _swarm.ReasonsOf(three[0]));
        _swarm.SetNode("b", labels: "disk=SSD");
        _swarm.Schedule();
        Assert.Equal("b", _swarm.Where(three));
    }

    [Fact]
    public void Reasons_follow_the_nodes()
    {
        _swarm.AddNode("a", NodeState.Down);
        var task = _swarm.Run(SwarmFixture.Spec("web"), 1)[0];
        _swarm.AddNode("b", NodeState.Down);
        _swarm.Schedule();
        Assert.Equal(["ready:2:state is Down"], _swarm.ReasonsOf(task));
        _swarm.Apply(new StateChange.NodeRemove("a"));
        _swarm.Schedule();
        Assert.Equal(["ready:1:state is Down"], _swarm.ReasonsOf(task));
    }

    [Fact]
    public void What_was_decided_and_not_applied_is_decided_again()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        _swarm.AddService(SwarmFixture.Spec("web", nanoCpus: 4_000_000_000));
        _swarm.AddTasks("web", 2);
        var dropped = _swarm.Schedule(apply: false);
        Assert.Equal(2, dropped.Count);
        Assert.True(_swarm.Scheduler.HasWork);
        Assert.Equal(dropped, _swarm.Schedule());
        Assert.Equal("a=1 b=1", _swarm.Counts("web"));
        Assert.False(_swarm.Scheduler.HasWork);
    }

    [Fact]
    public void A_task_whose_assignment_was_lost_alone_is_tried_again()
    {
        _swarm.AddNode("a");
        _swarm.AddService(SwarmFixture.Spec("web"));
        var tasks = _swarm.AddTasks("web", 2);
        var output = _swarm.Schedule(apply: false);
        _swarm.Apply(output[0]);
        Assert.True(_swarm.Scheduler.HasWork);
        Assert.Equal([output[1]], _swarm.Schedule());
        Assert.Equal("a a", _swarm.Where(tasks));
    }

    [Fact]
    public void What_was_refused_in_view_of_a_decision_is_retried_when_the_decision_is_lost()
    {
        _swarm.AddNode("a", nanoCpus: 1);
        _swarm.AddService(SwarmFixture.Spec("first", nanoCpus: 1));
        _swarm.AddService(SwarmFixture.Spec("second", nanoCpus: 1));
        var first = _swarm.AddTask("first");
        var second = _swarm.AddTask("second");
        var output = _swarm.Schedule(apply: false);
        Assert.Equal(first, Assert.IsType<StateChange.TaskAssign>(output[0]).TaskId);
        Assert.Equal(second, Assert.IsType<StateChange.TaskPendingSet>(output[1]).TaskId);
        // The batch is lost, and the first task is removed.
        _swarm.Apply(new StateChange.TaskRemove(first));
        Assert.True(_swarm.Scheduler.HasWork);
        _swarm.Schedule();
        Assert.Equal("a", _swarm.NodeOf(second));
        Assert.False(_swarm.Scheduler.HasWork);
    }

    [Fact]
    public void Changes_are_limited_and_the_rest_follows()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        _swarm.AddService(SwarmFixture.Spec("web"));
        var tasks = _swarm.AddTasks("web", 5);
        Assert.Equal(2, _swarm.Schedule(maxChanges: 2).Count);
        Assert.True(_swarm.Scheduler.HasWork);
        Assert.Equal(2, _swarm.Schedule(maxChanges: 2).Count);
        Assert.Single(_swarm.Schedule(maxChanges: 2));
        Assert.False(_swarm.Scheduler.HasWork);
        Assert.Equal("a b a b a", _swarm.Where(tasks));
    }

    [Fact]
    public void A_limited_round_of_refusals_ends_too()
    {
        _swarm.AddService(SwarmFixture.Spec("web"));
        var tasks = _swarm.AddTasks("web", 3);
        for (var i = 0; i < 3; i++)
        {
            Assert.Single(_swarm.Schedule(maxChanges: 1));
        }
        Assert.Empty(_swarm.Schedule(maxChanges: 1));
        Assert.False(_swarm.Scheduler.HasWork);
        Assert.All(tasks, t => Assert.NotNull(_swarm.State.FindTask(t)!.Pending));
    }

    [Fact]
    public void Tasks_that_are_to_stop_before_they_had_a_node_are_left_alone()
    {
        _swarm.AddService(SwarmFixture.Spec("web"));
        var task = _swarm.AddTask("web");
        _swarm.Apply(new StateChange.TaskDesire(task, TaskState.Shutdown));
        Assert.False(_swarm.Scheduler.HasWork);
        _swarm.AddNode("a");
        Assert.Empty(_swarm.Schedule());
    }

    [Fact]
    public void A_task_for_a_node_is_only_confirmed_there()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b", nanoCpus: 1);
        _swarm.AddService(SwarmFixture.Spec("agent", nanoCpus: 2, global: true));
        var onA = _swarm.AddTask("agent", 0, "a");
        var onB = _swarm.AddTask("agent", 0, "b");
        _swarm.Schedule();
        Assert.Equal(TaskState.Assigned, _swarm.State.FindTask(onA)!.Status.State);
        Assert.Equal(TaskState.New, _swarm.State.FindTask(onB)!.Status.State);
        Assert.Equal(["resources:1:not enough CPU (0.000000002 reserved of 0.000000001 free)"], _swarm.ReasonsOf(onB));
        Assert.False(_swarm.Scheduler.HasWork);

        var description = _swarm.State.FindNode("b")!.Description with { Resources = new ResourceAmount(2, 0) };
        _swarm.Apply(new StateChange.NodeDescriptionSet("b", description, _swarm.Now));
        _swarm.Schedule();
        Assert.Equal(TaskState.Assigned, _swarm.State.FindTask(onB)!.Status.State);
        Assert.Equal("b", _swarm.NodeOf(onB));
    }

    [Fact]
    public void A_new_scheduler_on_restored_state_decides_alike()
    {
        _swarm.AddNode("b");
        _swarm.AddNode("a");
        _swarm.Run(SwarmFixture.Spec("web", nanoCpus: 1_000_000_000), 9);
        _swarm.AddService(SwarmFixture.Spec("more"));
        _swarm.AddTasks("more", 3);
        var copy = new ClusterState();
        copy.Restore(_swarm.State.Capture());
        var scheduler = new Scheduler(copy);
        var output = new List<StateChange>();
        scheduler.Schedule(_swarm.Now, output);
        Assert.Equal(_swarm.Schedule(apply: false), output);
        Assert.Equal(3, output.Count);
    }

    [Fact]
    public void A_service_of_many_tasks_is_counted_right_while_it_shrinks_and_grows()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        var tasks = _swarm.Run(SwarmFixture.Spec("web"), 100);
        Assert.Equal("a=50 b=50", _swarm.Counts("web"));
        _swarm.AddTask("web", 101);
        _swarm.Schedule();
        foreach (var task in tasks.Where((_, i) => i % 2 == 0))
        {
            _swarm.Apply(new StateChange.TaskRemove(task));
        }
        var more = Enumerable.Range(102, 49).Select(slot => _swarm.AddTask("web", (uint)slot)).ToArray();
        _swarm.Schedule();
        Assert.Equal("a=50 b=50", _swarm.Counts("web"));
        Assert.All(more, t => Assert.Equal("a", _swarm.NodeOf(t)));
        foreach (var task in _swarm.State.TasksOfService("web").ToArray())
        {
            _swarm.Apply(new StateChange.TaskRemove(task.Id));
        }
        var last = _swarm.AddTask("web", 1);
        _swarm.Schedule();
        Assert.Equal("a", _swarm.NodeOf(last));
    }
}
