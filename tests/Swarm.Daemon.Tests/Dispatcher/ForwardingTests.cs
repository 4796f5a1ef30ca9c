using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Tests.Manager;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>The order of forwarding and of ends: a task learns that it has to end after every node sends its connections elsewhere.</summary>
public sealed class ForwardingTests : IAsyncLifetime
{
    private GrpcManager _grpc = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _grpc = await GrpcManager.StartAsync(TimeSpan.FromSeconds(60));
        await _grpc.Manager.AddNodeAsync("n1");
        await _grpc.Manager.AddNodeAsync("n2");
    }

    public ValueTask DisposeAsync() => _grpc.DisposeAsync();

    private async Task<ScriptedAgent> ConnectAsync(string nodeId, bool forwards = true)
    {
        var agent = new ScriptedAgent(nodeId, _grpc.Call(nodeId)) { Forwards = forwards };
        await agent.RegisterAsync();
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        return agent;
    }

    /// <summary>Publishes a service whose only task runs on n1.</summary>
    private async Task<string> RunAsync(ScriptedAgent agent)
    {
        var request = ApiRequests.Create("web");
        request.Spec.Ports.Add(new V1.PublishedPort { TargetPort = 80, PublishedPort_ = 8080 });
        request.Spec.Placement = new V1.Placement { Constraints = { "node.hostname==host-n1" } };
        await _grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        var taskId = agent.Assigned.Values.Single().TaskId;
        var running = ScriptedAgent.Update(taskId, V1.TaskState.Running);
        running.Status.Endpoint = new V1.TaskEndpoint
        {
            Address = "127.0.0.1",
            Ports =
            {
                new V1.TaskPort { TargetPort = 80, ListeningPort = 40_000 },
            },
        };
        await agent.ReportAsync(running);
        return taskId;
    }

    private static async Task AcknowledgeAsync(ScriptedAgent agent) =>
        await agent.SendAsync(new V1.AgentMessage { ForwardingAck = new V1.ForwardingAck { Revision = agent.Forwarding[^1].Revision } });

    private static int Backends(ScriptedAgent agent) =>
        agent.Forwarding.Count > 0 && agent.Forwarding[^1].Services is [var service] ? service.Backends.Count : -1;

    private async Task ScaleToNoneAsync()
    {
        var spec = ApiRequests.Create("web").Spec;
        spec.Ports.Add(new V1.PublishedPort { TargetPort = 80, PublishedPort_ = 8080 });
        spec.Placement = new V1.Placement { Constraints = { "node.hostname==host-n1" } };
        spec.Replicated = new V1.ReplicatedMode { Replicas = 0 };
        var version = _grpc.Manager.Runtime.State.Read(static s => s.FindServiceByName("web")!.Version);
        await _grpc.Control.Services.UpdateServiceAsync(
            new()
            {
                Selector = "web",
                Spec = spec,
                Version = version,
                NoResolveImage = true,
            },
            cancellationToken: Cancel
        );
    }

    /// <summary>A message of the manager that comes after all that it has to send now.</summary>
    private static async Task PassAsync(ScriptedAgent agent, string taskId)
    {
        var before = agent.Acknowledged;
        await agent.ReportAsync(taskId, V1.TaskState.Accepted);
        await agent.ReadUntilAsync(() => agent.Acknowledged > before);
    }

    [Fact]
    public async Task A_task_learns_of_its_end_after_every_node_sends_it_nothing_more()
    {
        using var own = await ConnectAsync("n1");
        using var other = await ConnectAsync("n2");
        var taskId = await RunAsync(own);
        await own.ReadUntilAsync(() => Backends(own) == 1);
        await other.ReadUntilAsync(() => Backends(other) == 1);
        Assert.True(other.Forwarding[0].Complete);
        var first = other.Forwarding.First(static f => f.Services.Count > 0);
        Assert.Equal(["manager1node", "n1", "n2"], first.Peers.Select(static p => p.NodeId).Order(StringComparer.Ordinal));
        var backend = other.Forwarding[^1].Services[0].Backends[0];
        Assert.Equal(
            (taskId, "n1", "127.0.0.1", 40_000u),
            (backend.TaskId, backend.NodeId, backend.Endpoint.Address, backend.Endpoint.Ports[0].ListeningPort)
        );
        await AcknowledgeAsync(own);
        await AcknowledgeAsync(other);

        await ScaleToNoneAsync();
        await own.ReadUntilAsync(() => Backends(own) == 0);
        await other.ReadUntilAsync(() => Backends(other) == 0);
        await AcknowledgeAsync(own);
        await PassAsync(own, taskId);
        Assert.Equal(V1.TaskState.Running, own.Assigned[taskId].DesiredState);

        await AcknowledgeAsync(other);
        await own.ReadUntilAsync(() => own.Assigned[taskId].DesiredState > V1.TaskState.Running);
    }

    [Fact]
    public async Task A_silent_node_holds_a_task_up_for_two_seconds_and_a_node_that_is_gone_not_at_all()
    {
        using var own = await ConnectAsync("n1");
        using var silent = await ConnectAsync("n2");
        var taskId = await RunAsync(own);
        await own.ReadUntilAsync(() => Backends(own) == 1);
        await AcknowledgeAsync(own);
        await ScaleToNoneAsync();
        await own.ReadUntilAsync(() => Backends(own) == 0);
        await AcknowledgeAsync(own);
        await PassAsync(own, taskId);
        Assert.Equal(V1.TaskState.Running, own.Assigned[taskId].DesiredState);
        // No word of the other node: the time is up.
        await own.ReadUntilAsync(() => own.Assigned[taskId].DesiredState > V1.TaskState.Running);
        Assert.Empty(silent.Sets[^1].Update);
    }

    [Fact]
    public async Task An_agent_without_a_data_plane_is_told_nothing_and_holds_nobody_up()
    {
        using var own = await ConnectAsync("n1");
        using var earlier = await ConnectAsync("n2", forwards: false);
        var taskId = await RunAsync(own);
        await own.ReadUntilAsync(() => Backends(own) == 1);
        await AcknowledgeAsync(own);
        await ScaleToNoneAsync();
        await own.ReadUntilAsync(() => Backends(own) == 0);
        await AcknowledgeAsync(own);
        await own.ReadUntilAsync(() => own.Assigned[taskId].DesiredState > V1.TaskState.Running);
        Assert.Empty(earlier.Forwarding);
    }

    [Fact]
    public async Task The_next_session_begins_with_the_whole_table_and_a_node_that_is_down_is_no_peer()
    {
        using var own = await ConnectAsync("n1");
        var taskId = await RunAsync(own);
        await own.ReadUntilAsync(() => Backends(own) == 1);
        using (var other = await ConnectAsync("n2"))
        {
            await other.ReadUntilAsync(() => Backends(other) == 1);
        }
        using var again = await ConnectAsync("n2");
        await again.ReadUntilAsync(() => again.Forwarding.Count > 0);
        Assert.True(again.Forwarding[0].Complete);
        Assert.Equal(taskId, Assert.Single(Assert.Single(again.Forwarding[0].Services).Backends).TaskId);
        await _grpc.Manager.Runtime.Objects.Orchestrator.ExecuteAsync(
            "",
            static s =>
                new(
                    [new StateChange.NodeStatusSet("n1", s.FindNode("n1")!.Status with { State = NodeState.Down }, DateTimeOffset.UtcNow)],
                    "n1"
                ),
            static (_, id) => id,
            Cancel
        );
        await again.ReadUntilAsync(() => again.Forwarding[^1].RemovedPeers.Contains("n1"));
        Assert.Empty(Assert.Single(again.Forwarding[^1].Services).Backends);
    }

    /// <summary>The agent keeps its table between sessions, so that it must learn of a service that went meanwhile.</summary>
    [Fact]
    public async Task A_service_that_went_while_the_node_was_away_is_gone_from_its_table()
    {
        using var own = await ConnectAsync("n1");
        await RunAsync(own);
        using (var other = await ConnectAsync("n2"))
        {
            await other.ReadUntilAsync(() => Backends(other) == 1);
        }
        await _grpc.Control.Services.RemoveServiceAsync(new() { Selector = "web" }, cancellationToken: Cancel);
        using var again = await ConnectAsync("n2");
        await again.ReadUntilAsync(() => again.Forwarding.Count > 0);
        Assert.True(again.Forwarding[0].Complete);
        Assert.Empty(again.Forwarding[0].Services);
    }

    /// <summary>The first set of a session has the task as it was, because what is not in it is removed.</summary>
    [Fact]
    public async Task A_new_session_does_not_tell_the_end_before_its_time()
    {
        using var other = await ConnectAsync("n2");
        string taskId;
        using (var own = await ConnectAsync("n1"))
        {
            taskId = await RunAsync(own);
            await other.ReadUntilAsync(() => Backends(other) == 1);
        }
        await AcknowledgeAsync(other);
        await ScaleToNoneAsync();
        using var again = await ConnectAsync("n1");
        Assert.Equal(V1.TaskState.Running, again.Assigned[taskId].DesiredState);
        await other.ReadUntilAsync(() => Backends(other) == 0);
        await AcknowledgeAsync(other);
        await again.ReadUntilAsync(() => again.Forwarding.Count > 0);
        await AcknowledgeAsync(again);
        await again.ReadUntilAsync(() => again.Assigned[taskId].DesiredState > V1.TaskState.Running);
    }

    [Fact]
    public async Task A_swarm_that_publishes_nothing_sends_an_empty_table_once()
    {
        using var agent = await ConnectAsync("n1");
        await _grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("plain"), cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        await agent.ReportAsync(agent.Assigned.Values.Single().TaskId, V1.TaskState.Running);
        await agent.ReadUntilAsync(() => agent.Acknowledged == 1);
        var only = Assert.Single(agent.Forwarding);
        Assert.True(only is { Complete: true, More: false, Services.Count: 0, Peers.Count: 0 });
    }
}
