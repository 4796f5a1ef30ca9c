using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Daemon.Tests.Hosting;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>Agents that send wrong messages, or messages at the wrong time, over the real cluster port with a real node's
/// certificate.</summary>
public sealed class SessionOrderTests : IAsyncLifetime
{
    private TestDaemon _manager = null!;
    private string _nodeId = "";
    private Grpc.Net.Client.GrpcChannel _channel = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _manager = await TestDaemon.StartManagerAsync();
        // A node that has joined and whose swarmd is this test.
        await using var worker = await TestDaemon.StartAsync("worker1");
        _nodeId = (await worker.JoinAsync(_manager)).NodeId;
        await worker.StopAsync();
        _channel = _manager.Connect(_manager.Issue(_nodeId, CertificateRole.Worker));
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _manager.DisposeAsync();
    }

    private AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage> Call() =>
        new V1.Dispatcher.DispatcherClient(_channel).Session(cancellationToken: Cancel);

    private async Task<ScriptedAgent> OpenAsync()
    {
        var agent = new ScriptedAgent("worker1", Call());
        await agent.RegisterAsync();
        await agent.ReadUntilAsync(() => agent.Info is not null);
        return agent;
    }

    private async Task EndsAsync(ScriptedAgent agent, string errorId)
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => agent.ReadUntilAsync(static () => false));
        if (e.StatusCode != StatusCode.Cancelled)
        {
            // Otherwise the stream's reset has overtaken the status: HTTP/2 does so for a caller that is still sending.
            Assert.Equal(errorId, e.Trailers.GetValue("swarm-error-id"));
        }
        agent.Dispose();
        await _manager.AssertWorksAsync();
        // The node is not shut out: its next session works.
        using var next = await OpenAsync();
        Assert.Equal(_nodeId, next.Info!.NodeId);
    }

    private async Task<V1.Node> NodeAsync() => (await _manager.NodesAsync()).Single(n => n.Id == _nodeId);

    public static TheoryData<string> First { get; } = ["heartbeat", "report", "description", "goodbye", "empty", "nothing"];

    [Theory]
    [MemberData(nameof(First))]
    public async Task Whatever_comes_before_the_registration_ends_the_session(string what)
    {
        using var call = Call();
        if (what == "nothing")
        {
            await call.RequestStream.CompleteAsync();
        }
        else
        {
            await call.RequestStream.WriteAsync(Message(what), Cancel);
        }
        await EndsAsync(new ScriptedAgent("worker1", call), "RegisterFirst");
    }

    [Theory]
    [InlineData("register")]
    [InlineData("empty")]
    public async Task What_does_not_belong_into_an_open_session_ends_it(string what)
    {
        var agent = await OpenAsync();
        await agent.SendAsync(Message(what));
        await EndsAsync(agent, "UnexpectedMessage");
    }

    [Theory]
    [InlineData("bad time")]
    [InlineData("bad grace")]
    public async Task Values_that_cannot_be_end_the_session(string what)
    {
        var agent = await OpenAsync();
        await agent.SendAsync(
            what == "bad time"
                ? new V1.AgentMessage
                {
                    Report = new V1.TaskStatusReport
                    {
                        Number = 1,
                        Updates =
                        {
                            new V1.TaskStatusUpdate
                            {
                                TaskId = "t",
                                Status = new V1.TaskStatus
                                {
                                    State = V1.TaskState.Running,
                                    Timestamp = new Timestamp { Nanos = -1 },
                                },
                            },
                        },
                    },
                }
                : new V1.AgentMessage
                {
                    Goodbye = new V1.Goodbye
                    {
                        Restart = true,
                        Grace = new Duration { Seconds = long.MaxValue },
                    },
                }
        );
        await EndsAsync(agent, "InvalidValue");
    }

    [Fact]
    public async Task A_flood_of_messages_ends_the_session()
    {
        var agent = await OpenAsync();
        var flood = Task.Run(
            async () =>
            {
                try
                {
                    for (var i = 0; i < 1_000_000; i++)
                    {
                        await agent.SendAsync(new V1.AgentMessage { Heartbeat = new V1.Heartbeat() });
                    }
                }
                catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException)
                {
                    // Cut off.
                }
            },
            Cancel
        );
        await EndsAsync(agent, "TooManyMessages");
        await flood;
    }

    [Fact]
    public async Task A_message_that_is_too_large_ends_the_session()
    {
        var agent = await OpenAsync();
        var report = new V1.TaskStatusReport { Number = 1 };
        report.Updates.Add(
            new V1.TaskStatusUpdate
            {
                TaskId = "t",
                Status = new V1.TaskStatus { Error = new string('x', ClusterChannel.MaxMessageSize) },
            }
        );
        var e = await Record.ExceptionAsync(async () =>
        {
            await agent.SendAsync(new V1.AgentMessage { Report = report });
            await agent.ReadUntilAsync(static () => false);
        });
        // The stream's reset may come while the message is still being sent.
        Assert.True(
            e is RpcException { StatusCode: StatusCode.ResourceExhausted or StatusCode.Cancelled } or OperationCanceledException,
            e?.ToString()
        );
        agent.Dispose();
        using var next = await OpenAsync();
    }

    [Fact]
    public async Task A_second_session_takes_the_place_of_the_first()
    {
        var first = await OpenAsync();
        using var second = await OpenAsync();
        await TestDaemon.RefusedAsync("SessionReplaced", () => first.ReadUntilAsync(static () => false));
        first.Dispose();
        Assert.Equal(V1.NodeState.Ready, (await NodeAsync()).State);
    }

    [Fact]
    public async Task After_a_goodbye_nothing_is_heard_any_more()
    {
        var agent = await OpenAsync();
        await agent.SendAsync(Message("goodbye"));
        await agent.SendAsync(Message("report"));
        while (await agent.ReadAsync() is { } message)
        {
            Assert.Null(message.Ack);
        }
        agent.Dispose();
        var node = await NodeAsync();
        Assert.Equal(("left the swarm", V1.NodeState.Down), (node.StateMessage, node.State));
    }

    [Fact]
    public async Task A_description_beyond_all_bounds_is_cut()
    {
        using var call = Call();
        var description = new V1.NodeDescription
        {
            Hostname = new string('h', 100_000),
            Engine = new V1.EngineDescription { Version = new string('v', 100_000) },
            Resources = new V1.Resources { NanoCpus = -5, MemoryBytes = long.MinValue },
            Warnings = { Enumerable.Repeat(new string('w', 10_000), 100) },
        };
        for (var i = 0; i < 5000; i++)
        {
            description.Engine.Labels[$"label{i}"] = new string('x', 50);
        }
        await call.RequestStream.WriteAsync(new V1.AgentMessage { Register = new V1.RegisterAgent { Description = description } }, Cancel);
        var agent = new ScriptedAgent("worker1", call);
        await agent.ReadUntilAsync(() => agent.Info is not null);
        var node = await NodeAsync();
        Assert.InRange(node.Description.Hostname.Length, 1, 255);
        Assert.InRange(node.Description.Engine.Labels.Count, 1, 256);
        Assert.Equal(16, node.Description.Warnings.Count);
        Assert.All(node.Description.Warnings, static w => Assert.InRange(w.Length, 1, 1024));
        Assert.Equal((0L, 0L), (node.Description.Resources.NanoCpus, node.Description.Resources.MemoryBytes));
    }

    private static V1.AgentMessage Message(string what) =>
        what switch
        {
            "heartbeat" => new() { Heartbeat = new() },
            "report" => new() { Report = new() { Number = 1 } },
            "description" => new() { Description = new() },
            "goodbye" => new() { Goodbye = new() },
            "register" => new() { Register = new() },
            _ => new(),
        };
}
