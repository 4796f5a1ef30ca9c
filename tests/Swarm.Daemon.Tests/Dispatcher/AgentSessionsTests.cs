using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Consensus.Errors;
using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Tests.Manager;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

public sealed class AgentSessionsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static NodeState? StateOf(GrpcManager grpc, string nodeId) =>
        grpc.Manager.Runtime.State.Read(s => s.FindNode(nodeId)?.Status.State);

    [Fact]
    public async Task Registering_makes_a_node_ready_and_the_first_set_is_complete()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        Assert.Equal("cluster1", agent.Info!.ClusterId);
        Assert.Equal("n1", agent.Info.NodeId);
        Assert.Equal(V1.AssignmentSet.Types.Kind.Complete, agent.Sets[0].Kind);
        Assert.Equal(NodeState.Ready, StateOf(grpc, "n1"));
        Assert.Equal("host-n1", grpc.Manager.Runtime.State.Read(s => s.FindNode("n1")!.Name));
    }

    [Fact]
    public async Task A_task_is_assigned_with_its_spec_reported_committed_and_acknowledged()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectWithAsync("n1", "Docker");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        var request = ApiRequests.Create("web");
        request.RegistryCredential = new V1.RegistryCredential
        {
            ServerAddress = "r",
            Username = "u",
            Password = "p",
        };
        await grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        var assigned = agent.Assigned.Values.Single();
        Assert.Equal("redis:3.0.6", assigned.Spec.Container.Image);
        Assert.Equal("p", assigned.RegistryCredential.Password);
        Assert.Equal($"web.1.{assigned.TaskId}", assigned.ContainerName);
        await agent.ReportAsync(assigned.TaskId, V1.TaskState.Running, new string('x', 100_000));
        await agent.ReadUntilAsync(() => agent.Acknowledged == 1);
        var status = grpc.Manager.Runtime.State.Read(s => s.FindTask(assigned.TaskId)!.Status);
        Assert.Equal(TaskState.Running, status.State);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(status.Error), 4000, 4096);
        // The manager ignores and acknowledges states that agents do not report, and tasks of other nodes.
        await agent.ReportAsync(assigned.TaskId, V1.TaskState.Orphaned);
        await agent.ReportAsync("nobody", V1.TaskState.Failed);
        await agent.ReadUntilAsync(() => agent.Acknowledged == 3);
        Assert.Equal(TaskState.Running, grpc.Manager.Runtime.State.Read(s => s.FindTask(assigned.TaskId)!.Status.State));
        // On the second connection the task runs already, so the credential is no longer sent.
        using var again = await grpc.ConnectWithAsync("n1", "Docker");
        await again.ReadUntilAsync(() => again.Sets.Count == 1);
        Assert.Null(again.Assigned[assigned.TaskId].RegistryCredential);
    }

    [Theory]
    [InlineData("Docker", V1.TaskState.Accepted, false, true)]
    [InlineData("Docker", V1.TaskState.Ready, false, true)]
    [InlineData("Docker", V1.TaskState.Starting, false, false)]
    [InlineData("Docker", V1.TaskState.Accepted, true, false)]
    [InlineData("Process", V1.TaskState.Accepted, false, false)]
    public async Task A_credential_goes_only_to_a_node_that_may_have_to_pull(string executor, V1.TaskState state, bool ends, bool told)
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectWithAsync("n1", executor);
        var request = ApiRequests.Create("web");
        request.RegistryCredential = new V1.RegistryCredential { Username = "u", Password = "p" };
        await grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        var taskId = agent.Assigned.Keys.Single();
        Assert.Equal(executor == "Docker", agent.Assigned[taskId].RegistryCredential is not null);
        await agent.ReportAsync(taskId, state);
        await agent.ReadUntilAsync(() => agent.Acknowledged == 1);
        if (ends)
        {
            await grpc.Manager.Runtime.Loop.ExecuteAsync(
                "",
                _ => new CommandChanges([new StateChange.TaskDesire(taskId, TaskState.Shutdown)], taskId),
                static (_, _) => true,
                Cancel
            );
        }

        using var again = await grpc.ConnectWithAsync("n1", executor);
        await again.ReadUntilAsync(() => again.Sets.Count == 1);
        Assert.Equal(told, again.Assigned[taskId].RegistryCredential?.Password == "p");
    }

    [Fact]
    public async Task With_a_full_disk_sessions_go_on_and_new_ones_open_and_all_is_committed_when_there_is_room()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        await grpc.Manager.AddNodeAsync("n2");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web"), cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        var task = agent.Assigned.Keys.Single();
        var refused = 0;
        grpc.Manager.Log.Fault = _ =>
        {
            Interlocked.Increment(ref refused);
            return new ReplicatedLogException(ReplicatedLogError.StorageFull, "disk full");
        };
        await agent.ReportAsync(task, V1.TaskState.Running);
        await agent.SendAsync(
            new V1.AgentMessage
            {
                Description = new V1.NodeDescription
                {
                    Hostname = "changed",
                    Platform = new V1.Platform { Os = "linux", Architecture = "x86_64" },
                    Resources = new V1.Resources { NanoCpus = 4_000_000_000, MemoryBytes = 8L << 30 },
                    Executor = "Simulated",
                },
            }
        );
        await agent.SendAsync(new V1.AgentMessage { Heartbeat = new V1.Heartbeat() });
        using var other = await grpc.ConnectAsync("n2");
        await other.ReadUntilAsync(() => other.Info is not null);
        await Deadline.UntilAsync(() => Volatile.Read(ref refused) > 5, "the log to refuse what was tried again");
        Assert.Equal((0UL, NodeState.Unknown), (agent.Acknowledged, StateOf(grpc, "n2")));

        grpc.Manager.Log.Fault = null;
        await agent.ReadUntilAsync(() => agent.Acknowledged == 1);
        await grpc.Manager.UntilAsync(s => s.FindNode("n2")!.Status.State == NodeState.Ready);
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Name == "changed");
        Assert.Equal(TaskState.Running, grpc.Manager.Runtime.State.Read(s => s.FindTask(task)!.Status.State));
        Assert.Equal(NodeState.Ready, StateOf(grpc, "n1"));
    }

    [Fact]
    public async Task A_crash_makes_a_node_disconnected_then_down_and_its_tasks_start_elsewhere()
    {
        await using var grpc = await GrpcManager.StartAsync(TimeSpan.FromMilliseconds(400));
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        var obeying = agent.ObeyAsync();
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web"), cancellationToken: Cancel);
        await grpc.Manager.UntilAsync(s => s.Tasks.Any(t => t.Status.State == TaskState.Running));
        await grpc.Manager.AddNodeAsync("n2");
        using var other = await grpc.ConnectAsync("n2");
        var otherObeying = other.ObeyAsync();
        using var beating = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var beat = BeatAsync(other, TimeSpan.FromMilliseconds(200), beating.Token);
        var seen = new List<NodeState>();
        using var subscription = grpc.Manager.Runtime.State.Subscribe(1000, out _);
        agent.Dispose();
        await foreach (var applied in Deadline.EachAsync(subscription.ReadAllAsync(Cancel), "node n1 to become Down"))
        {
            foreach (var change in applied.Changes.OfType<Core.State.ChangedObject.OfNode>())
            {
                if (change.After is { Id: "n1" } after && (seen.Count == 0 || seen[^1] != after.Status.State))
                {
                    seen.Add(after.Status.State);
                }
            }
            if (seen.Contains(NodeState.Down))
            {
                break;
            }
        }
        Assert.Equal([NodeState.Disconnected, NodeState.Down], seen);
        await grpc.Manager.UntilAsync(s => s.Tasks.Any(t => t.NodeId == "n2" && t.Status.State == TaskState.Running));
        await beating.CancelAsync();
        await obeying;
        await beat;
    }

    [Fact]
    public async Task A_silent_node_is_down_after_three_heartbeats()
    {
        await using var grpc = await GrpcManager.StartAsync(TimeSpan.FromMilliseconds(100));
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        var e = await Assert.ThrowsAsync<RpcException>(() => agent.ReadUntilAsync(() => false));
        Assert.Equal("HeartbeatFailure", e.Trailers.GetValue("swarm-error-id"));
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Status is { State: NodeState.Down, Message: "heartbeat failure" });
    }

    /// <summary>A manager with a slow disk: the node is heard meanwhile, and neither its session nor its state suffers.</summary>
    [Fact]
    public async Task A_registration_that_is_long_in_coming_costs_no_session()
    {
        await using var grpc = await GrpcManager.StartAsync(TimeSpan.FromMilliseconds(200));
        await grpc.Manager.AddNodeAsync("n1");
        using var subscription = grpc.Manager.Runtime.State.Subscribe(1000, out _);
        var disk = new TaskCompletionSource();
        grpc.Manager.Log.Gate = disk.Task;
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Info is not null);
        // Many times the silence that makes a node Down.
        using var beating = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var beats = 0;
        var beat = BeatAsync(agent, TimeSpan.FromMilliseconds(50), beating.Token, () => beats++);
        await Deadline.UntilAsync(() => beats >= 60, "60 heartbeats");
        Assert.Empty(agent.Sets);
        disk.SetResult();
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        await beating.CancelAsync();
        await beat;
        Assert.Equal(NodeState.Ready, StateOf(grpc, "n1"));
        subscription.Dispose();
        await foreach (var applied in Deadline.EachAsync(subscription.ReadAllAsync(Cancel), "the changes so far"))
        {
            Assert.DoesNotContain(
                applied.Changes.OfType<Core.State.ChangedObject.OfNode>(),
                static c => c.After is { Id: "n1", Status.State: NodeState.Down or NodeState.Disconnected }
            );
        }
    }

    [Fact]
    public async Task Thousands_of_statuses_are_committed_in_few_batches_and_every_report_is_acknowledged()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web", 5000), cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 5000);
        int before;
        lock (grpc.Manager.Log.Batches)
        {
            before = grpc.Manager.Log.Batches.Count;
        }
        var reports = agent.Assigned.Keys.Chunk(500).ToList();
        foreach (var report in reports)
        {
            await agent.ReportAsync([.. report.Select(static id => ScriptedAgent.Update(id, V1.TaskState.Running))]);
        }
        await agent.ReadUntilAsync(() => agent.Acknowledged == (ulong)reports.Count);
        Assert.All(
            grpc.Manager.Runtime.State.Read(static s => s.Tasks.ToList()),
            static t => Assert.Equal(TaskState.Running, t.Status.State)
        );
        lock (grpc.Manager.Log.Batches)
        {
            var observed = grpc
                .Manager.Log.Batches.Skip(before)
                .Where(static b => b.Any(static c => c is StateChange.TaskObserve))
                .ToList();
            Assert.InRange(observed.Count, 2, reports.Count);
            Assert.Equal(5000, observed.Sum(static b => b.Count(static c => c is StateChange.TaskObserve)));
        }
    }

    [Fact]
    public async Task A_planned_restart_holds_a_node_ready_and_then_it_is_down()
    {
        await using var grpc = await GrpcManager.StartAsync(TimeSpan.FromMilliseconds(100));
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        var goodbye = new V1.Goodbye { Restart = true, Grace = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) };
        using var subscription = grpc.Manager.Runtime.State.Subscribe(1000, out _);
        await agent.SendAsync(new V1.AgentMessage { Goodbye = goodbye });
        Assert.Null(await agent.ReadAsync());
        var seen = new List<(NodeState State, bool Held)>();
        await foreach (var applied in Deadline.EachAsync(subscription.ReadAllAsync(Cancel), "node n1 to become Down"))
        {
            seen.AddRange(
                applied
                    .Changes.OfType<Core.State.ChangedObject.OfNode>()
                    .Where(c => c.After?.Id == "n1")
                    .Select(c => (c.After!.Status.State, c.After.Status.HeldUntil is not null))
            );
            if (seen.Exists(s => s.State == NodeState.Down))
            {
                break;
            }
        }
        Assert.Equal([(NodeState.Ready, true), (NodeState.Down, false)], seen);
    }

    [Fact]
    public async Task Back_within_its_restart_grace_a_node_keeps_its_tasks()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        var agent = await grpc.ConnectAsync("n1");
        await grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web"), cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        var taskId = agent.Assigned.Keys.Single();
        await agent.ReportAsync(taskId, V1.TaskState.Running);
        await agent.ReadUntilAsync(() => agent.Acknowledged == 1);
        await agent.SendAsync(new V1.AgentMessage { Goodbye = new V1.Goodbye { Restart = true } });
        Assert.Null(await agent.ReadAsync());
        agent.Dispose();
        using var again = await grpc.ConnectAsync("n1", ScriptedAgent.Update(taskId, V1.TaskState.Running));
        await again.ReadUntilAsync(() => again.Sets.Count == 1);
        Assert.Equal([taskId], again.Assigned.Keys);
        Assert.Equal(V1.TaskState.Running, again.Assigned[taskId].DesiredState);
        Assert.Null(grpc.Manager.Runtime.State.Read(s => s.FindNode("n1")!.Status.HeldUntil));
    }

    [Fact]
    public async Task Leaving_is_down_at_once()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        await agent.SendAsync(new V1.AgentMessage { Goodbye = new V1.Goodbye() });
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Status is { State: NodeState.Down, Message: "left the swarm" });
    }

    [Fact]
    public async Task A_node_that_leaves_is_down_and_its_tasks_have_ended()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        var request = ApiRequests.Create("everywhere");
        request.Spec.Global = new V1.GlobalMode();
        await grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        var taskId = agent.Assigned.Keys.Single();
        await agent.ReportAsync(taskId, V1.TaskState.Running);
        await agent.ReadUntilAsync(() => agent.Acknowledged == 1);

        await agent.SendAsync(new V1.AgentMessage { Goodbye = new V1.Goodbye() });

        await grpc.Manager.UntilAsync(s => s.FindTask(taskId) is { DesiredState: TaskState.Shutdown, Status.State: TaskState.Shutdown });
        Assert.True(grpc.Manager.Runtime.State.Read(s => s.FindNode("n1")!.Status is { State: NodeState.Down, HasLeft: true }));
    }

    [Fact]
    public async Task A_node_that_leaves_while_the_disk_is_full_has_left_when_there_is_room()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Info is not null);
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Status.State == NodeState.Ready);
        var refused = 0;
        grpc.Manager.Log.Fault = _ =>
        {
            Interlocked.Increment(ref refused);
            return new ReplicatedLogException(ReplicatedLogError.StorageFull, "disk full");
        };
        await agent.SendAsync(new V1.AgentMessage { Goodbye = new V1.Goodbye() });
        await Deadline.UntilAsync(() => Volatile.Read(ref refused) > 1, "the log to refuse the departure twice");
        Assert.Equal(NodeState.Ready, StateOf(grpc, "n1"));

        grpc.Manager.Log.Fault = null;
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Status is { State: NodeState.Down, HasLeft: true });
    }

    [Fact]
    public async Task A_second_session_takes_the_place_of_the_first()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var first = await grpc.ConnectAsync("n1");
        await first.ReadUntilAsync(() => first.Sets.Count == 1);
        using var second = await grpc.ConnectAsync("n1");
        await second.ReadUntilAsync(() => second.Sets.Count == 1);
        var e = await Assert.ThrowsAsync<RpcException>(() => first.ReadUntilAsync(() => false));
        Assert.Equal("SessionReplaced", e.Trailers.GetValue("swarm-error-id"));
        Assert.Equal(NodeState.Ready, StateOf(grpc, "n1"));
    }

    [Fact]
    public async Task A_removed_node_is_told_so_and_an_unknown_one_too()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        await grpc.Control.Nodes.RemoveNodeAsync(
            new V1.RemoveNodeRequest { Selector = "host-n1", Force = true },
            cancellationToken: Cancel
        );
        Assert.NotNull((await agent.ReadAsync())!.Removed);
        Assert.Null(await agent.ReadAsync());
        using var stranger = await grpc.ConnectAsync("stranger");
        Assert.NotNull((await stranger.ReadAsync())!.Removed);
    }

    [Fact]
    public async Task A_first_message_that_does_not_register_ends_the_stream()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = new ScriptedAgent("n1", grpc.Call("n1"));
        await agent.SendAsync(new V1.AgentMessage { Heartbeat = new V1.Heartbeat() });
        var e = await Assert.ThrowsAsync<RpcException>(() => agent.ReadAsync());
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
        Assert.Equal("RegisterFirst", e.Trailers.GetValue("swarm-error-id"));
    }

    [Fact]
    public async Task A_new_leader_gives_nodes_time_to_come_back()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        grpc.Manager.Log.SetLeader(false);
        Assert.NotNull((await agent.ReadAsync())!.Redirect);
        grpc.Manager.Log.SetLeader(true);
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Status.State == NodeState.Unknown);
        using var again = await grpc.ConnectAsync("n1");
        await again.ReadUntilAsync(() => again.Sets.Count == 1);
        Assert.Equal(NodeState.Ready, StateOf(grpc, "n1"));
    }

    private static async Task BeatAsync(ScriptedAgent agent, TimeSpan period, CancellationToken cancellation, Action? beaten = null)
    {
        using var timer = new PeriodicTimer(period);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                await agent.SendAsync(new V1.AgentMessage { Heartbeat = new V1.Heartbeat() });
                beaten?.Invoke();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
