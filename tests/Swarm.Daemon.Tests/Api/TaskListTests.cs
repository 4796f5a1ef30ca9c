using Swarm.Control.Objects;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Tests.Manager;
using Swarm.DockerSwarm.Mirror;
using TaskStatus = Swarm.Core.Model.TaskStatus;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>Lists of tasks, services and nodes: one call finds what a name means, and the state's lock is held for references only.</summary>
public sealed class TaskListTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly StateStore _store = new();
    private readonly TasksApi _tasks;
    private ulong _index;

    public TaskListTests()
    {
        _tasks = new TasksApi(
            new SwarmObjects(
                _store,
                null!,
                new MirrorLeadership(),
                new SwarmObjectsOptions
                {
                    NodeId = static () => "n1",
                    ClusterAddress = static () => "",
                    ResolveImage = static (_, _, _) => throw new NotSupportedException(),
                    Time = TimeProvider.System,
                    LeaderWait = TimeSpan.Zero,
                }
            )
        );
        Apply(new StateChange.NodeCreate(TestManager.NewNode("n1")), new StateChange.NodeCreate(TestManager.NewNode("n2")));
        Create("service1", "web", 3);
        // A service that is named as a task of another one is.
        Create("service2", "web.2", 1);
        Create("taskservice", "db", 1);
    }

    [Theory]
    [InlineData("service1task2", "web.2")]
    [InlineData("web.2", "web.2")]
    [InlineData("web.3.service1task3", "web.3")]
    [InlineData("service2t", "web.2.1")]
    [InlineData("web", "web.1 web.2 web.3")]
    [InlineData("service2", "web.2.1")]
    [InlineData("taskservice", "db.1")]
    [InlineData("taskservicet", "db.1")]
    public async Task A_name_is_a_tasks_first_and_then_a_services(string name, string found)
    {
        Assert.Equal(found.Split(' '), (await ListAsync(new() { TaskOrService = name })).Select(static t => t.Name));
    }

    [Fact]
    public async Task A_service_is_meant_where_no_task_of_the_name_is_among_those_that_are_asked_for()
    {
        // web.2 of the first service is on n1: of that name there is nothing on n2 but the other service's tasks.
        var task = Assert.Single(await ListAsync(new() { TaskOrService = "web.2", Nodes = { "n2" } }));
        Assert.Equal(("service2", "web.2.1"), (task.ServiceId, task.Name));
        Assert.Equal("service1", Assert.Single(await ListAsync(new() { TaskOrService = "web.2", Nodes = { "n1" } })).ServiceId);
        // A service without such tasks is no error.
        Apply(new StateChange.TaskDesire("taskservicetask1", TaskState.Shutdown));
        Assert.Empty(await ListAsync(new() { TaskOrService = "db", DesiredRunning = true }));
    }

    [Theory]
    [InlineData("nope", "TaskNotFound", "There is no task 'nope', and no service of that name.")]
    [InlineData("", "TaskNotFound", "There is no task '', and no service of that name.")]
    [InlineData(
        "service1t",
        "AmbiguousSelector",
        "name service1t is ambiguous: service1task1 (task web.1), service1task2 (task web.2), service1task3 (task web.3)"
    )]
    [InlineData("tasks", "AmbiguousSelector", "name tasks is ambiguous: taskservice (service db), taskservicetask1 (task db.1)")]
    public async Task A_name_that_means_nothing_or_too_much_is_refused(string name, string errorId, string message)
    {
        var e = await Assert.ThrowsAsync<SwarmException>(() => ListAsync(new() { TaskOrService = name }));
        Assert.Equal((errorId, message), (e.ErrorId, e.Message));
    }

    /// <summary>A service's name is the beginning of the id of another service's task.</summary>
    [Fact]
    public async Task A_services_name_means_no_other_services_task()
    {
        Create("q7", "service1task1"[..4], 1);
        var listed = Assert.Single(await ListAsync(new() { TaskOrService = "serv" }));
        Assert.Equal("q7task1", listed.Id);
        // Stop-SwarmTask takes tasks only: a service's name means none of them, whatever their ids are.
        var e = Assert.Throws<SwarmException>(() => Selectors.Task(_store.State, "serv"));
        Assert.Equal("TaskNotFound", e.ErrorId);
        Assert.Equal("It is the name of a service: Get-SwarmTask -Service serv lists its tasks.", e.Action);
    }

    [Fact]
    public async Task A_list_has_the_tasks_of_the_asked_states_and_a_name_keeps_its_meaning()
    {
        var failed = new TaskStatus { State = TaskState.Failed, Timestamp = Now };
        Apply(new StateChange.TaskObserve("service1task2", failed), new StateChange.TaskObserve("taskservicetask1", failed));
        Assert.Equal(["db.1", "web.2"], (await ListAsync(new() { States = { V1.TaskState.Failed } })).Select(static t => t.Name));
        Assert.Equal(
            ["web.1", "web.2", "web.3"],
            (await ListAsync(new() { TaskOrService = "web", States = { V1.TaskState.Failed, V1.TaskState.Running } })).Select(static t =>
                t.Name
            )
        );
        // The task of that name does not run: the service of that name is another's.
        Assert.Empty(await ListAsync(new() { TaskOrService = "web.2", States = { V1.TaskState.Running } }));
    }

    [Fact]
    public async Task A_task_has_the_state_of_its_node()
    {
        var status = new NodeStatus { State = NodeState.Down, Message = "heartbeat failure" };
        Apply(new StateChange.NodeStatusSet("n2", status, Now));
        var tasks = await ListAsync(new() { DesiredRunning = true });
        Assert.Equal(["web.2.1"], tasks.Where(static t => t.NodeState == V1.NodeState.Down).Select(static t => t.Name));
    }

    /// <summary>The wall clock was set back before the second task was made.</summary>
    [Fact]
    public async Task The_newest_task_of_a_slot_comes_first_whatever_the_clock_said()
    {
        var first = _store.State.FindTask("taskservicetask1")!;
        Apply(new StateChange.TaskDesire(first.Id, TaskState.Shutdown));
        Apply(new StateChange.TaskCreate(first with { Id = "second", Ordinal = 1, CreatedAt = Now.AddHours(-1) }));
        Apply(new StateChange.TaskCreate(first with { Id = "third", Ordinal = 2, CreatedAt = Now.AddHours(-2) }));
        var tasks = await ListAsync(new() { TaskOrService = "db" });
        Assert.Equal(["third", "second", first.Id], tasks.Select(static t => t.Id));
    }

    [Fact]
    public async Task A_list_shows_one_moment_however_much_is_written_while_it_is_read()
    {
        var before = await ListAsync(new());
        var changed = false;
        var during = await ListAsync(
            new(),
            _ =>
            {
                if (changed)
                {
                    return;
                }
                changed = true;
                // The writer gets through between the first task and the second.
                Apply([.. _store.State.Services.Select(static s => new StateChange.ServiceRemove(s.Id))]);
                Apply([.. _store.State.Tasks.Select(static t => new StateChange.TaskRemove(t.Id))]);
                Apply([.. _store.State.Nodes.Select(static n => new StateChange.NodeRemove(n.Id))]);
            }
        );
        Assert.Equal(before, during);
        Assert.Equal(["db.1", "web.1", "web.2", "web.3", "web.2.1"], during.Select(static t => t.Name));
    }

    /// <summary>Under the lock there are neither messages nor keys of a sort: the references are all that is taken.</summary>
    [Fact]
    public void A_list_takes_only_references_under_the_lock()
    {
        const int Many = 20_000;
        Create("large", "large", Many);
        var request = new V1.ListTasksRequest();
        // A collection in between counts the rest of the thread's allocation buffer as allocated: the least of several is exact.
        var least = long.MaxValue;
        var selection = TaskSelection.Of(_store.State, request);
        for (var i = 0; i < 8; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            selection = TaskSelection.Of(_store.State, request);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(Many + 5, selection.Tasks.Length);
        Assert.InRange(least, 8 * Many, (8 * Many) + 4096);
        Assert.Equal(_store.State.Tasks, selection.Tasks);
    }

    private async Task<List<V1.Task>> ListAsync(V1.ListTasksRequest request, Action<V1.Task>? received = null)
    {
        var responses = new ReceivedResponses<V1.Task>(received);
        await _tasks.ListTasks(request, responses, new DirectCall(TestContext.Current.CancellationToken));
        return responses.All;
    }

    private void Apply(params StateChange[] changes) => _store.Apply(changes, ++_index);

    /// <summary>Its tasks are on n1 but for the second service's.</summary>
    private void Create(string id, string name, int replicas)
    {
        var service = new Service
        {
            Id = id,
            CreatedAt = Now,
            UpdatedAt = Now,
            Revision = 1,
            Spec = new ServiceSpec
            {
                Name = name,
                Container = new ContainerSpec { Image = "alpine" },
                Mode = new ServiceMode.Replicated((ulong)replicas),
            },
        };
        Apply(new StateChange.ServiceCreate(service, null));
        Apply([
            .. Enumerable
                .Range(1, replicas)
                .Select(slot => new StateChange.TaskCreate(
                    new SwarmTask
                    {
                        Id = $"{id}task{slot}",
                        ServiceId = id,
                        Revision = 1,
                        Slot = (uint)slot,
                        NodeId = id == "service2" ? "n2" : "n1",
                        DesiredState = TaskState.Running,
                        Status = new TaskStatus { State = TaskState.Running, Timestamp = Now },
                        CreatedAt = Now,
                    }
                )),
        ]);
    }
}
