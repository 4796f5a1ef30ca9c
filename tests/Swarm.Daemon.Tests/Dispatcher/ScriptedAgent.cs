using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Agent;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>An agent that the test controls. By default it obeys at once: every task reaches its desired state.</summary>
internal sealed class ScriptedAgent(
    string nodeId,
    AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage> call,
    string executor = "Simulated"
) : IDisposable
{
    private readonly SessionRevisions _revisions = new();
    private ulong _report;

    public V1.SessionInfo? Info { get; private set; }

    /// <summary>The manager's assignments, by task id.</summary>
    public Dictionary<string, V1.TaskAssignment> Assigned { get; } = [];
    public List<V1.AssignmentSet> Sets { get; } = [];

    /// <summary>The size of each set as it came, before the specs were filled in.</summary>
    public List<int> Bytes { get; } = [];
    public ulong Acknowledged { get; private set; }

    /// <summary>The agent has a data plane. Its updates are not acknowledged by themselves.</summary>
    public bool Forwards { get; init; }

    /// <summary>The manager's updates of the forwarding table.</summary>
    public List<V1.ForwardingUpdate> Forwarding { get; } = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task RegisterAsync(params V1.TaskStatusUpdate[] tasks)
    {
        var register = new V1.RegisterAgent
        {
            Description = new V1.NodeDescription
            {
                Hostname = "host-" + nodeId,
                Platform = new V1.Platform { Os = "linux", Architecture = "x86_64" },
                Resources = new V1.Resources { NanoCpus = 4_000_000_000, MemoryBytes = 8L << 30 },
                Executor = executor,
            },
            Address = "127.0.0.1",
            TakesForwarding = Forwards,
        };
        if (Forwards)
        {
            register.Description.Engine = new V1.EngineDescription { Plugins = { "Port/ingress" } };
        }
        register.Tasks.AddRange(tasks);
        await SendAsync(new V1.AgentMessage { Register = register });
    }

    public Task SendAsync(V1.AgentMessage message) => call.RequestStream.WriteAsync(message, Cancel);

    public Task ReportAsync(string taskId, V1.TaskState state, string error = "") => ReportAsync(Update(taskId, state, error));

    public Task ReportAsync(params V1.TaskStatusUpdate[] updates) =>
        SendAsync(
            new V1.AgentMessage
            {
                Report = new V1.TaskStatusReport { Number = ++_report, Updates = { updates } },
            }
        );

    public static V1.TaskStatusUpdate Update(string taskId, V1.TaskState state, string error = "") =>
        new()
        {
            TaskId = taskId,
            Status = new V1.TaskStatus
            {
                State = state,
                Timestamp = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow),
                Error = error,
            },
        };

    /// <summary>The next message; null when the stream ended well.</summary>
    public Task<V1.ManagerMessage?> ReadAsync() => Deadline.WaitAsync(NextAsync(), $"a message of the manager to {nodeId}");

    private async Task<V1.ManagerMessage?> NextAsync()
    {
        // No deadline: those that wait for a message have it, and an obedient agent waits for none.
        if (!await call.ResponseStream.MoveNext(Cancel))
        {
            return null;
        }
        var message = call.ResponseStream.Current;
        switch (message.MessageCase)
        {
            case V1.ManagerMessage.MessageOneofCase.Session:
                Info = message.Session;
                break;
            case V1.ManagerMessage.MessageOneofCase.Ack:
                Acknowledged = message.Ack.Number;
                break;
            case V1.ManagerMessage.MessageOneofCase.Forwarding:
                Forwarding.Add(message.Forwarding);
                break;
            case V1.ManagerMessage.MessageOneofCase.Assignments:
                Take(message.Assignments);
                break;
        }
        return message;
    }

    /// <summary>Reads until the condition holds, doing nothing else.</summary>
    /// <param name="condition">The end of the wait.</param>
    /// <param name="what">Its name: by default, as it is written.</param>
    public Task ReadUntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        return Deadline.WaitAsync(ReadAsync(), $"the manager's messages to {nodeId}, until {what}");

        async Task ReadAsync()
        {
            while (!condition())
            {
                Assert.NotNull(await NextAsync());
            }
        }
    }

    /// <summary>Obeys every assignment until the stream ends.</summary>
    public async Task ObeyAsync()
    {
        try
        {
            // An agent may be idle for as long as its test likes.
            while (await NextAsync() is { } message)
            {
                foreach (var task in message.Assignments?.Update ?? [])
                {
                    var reached =
                        task.DesiredState > V1.TaskState.Running ? V1.TaskState.Shutdown
                        : task.DesiredState == V1.TaskState.Running ? V1.TaskState.Running
                        : V1.TaskState.Ready;
                    if (reached > task.State)
                    {
                        await ReportAsync(task.TaskId, reached);
                    }
                }
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // The session is over.
        }
    }

    /// <summary>As a crash: the stream is cut.</summary>
    public void Dispose() => call.Dispose();

    private void Take(V1.AssignmentSet set)
    {
        Assert.Equal(Sets.Count == 0 ? 0 : Sets[^1].ResultsIn, set.AppliesTo);
        Sets.Add(set);
        Assert.All(set.Update, static task => Assert.Null(task.Spec));
        Bytes.Add(set.CalculateSize());
        // The agent's own book: it must have every revision that the manager takes it to have.
        Assert.Null(_revisions.Resolve(set));
        if (set.Kind == V1.AssignmentSet.Types.Kind.Complete)
        {
            Assigned.Clear();
        }
        foreach (var task in set.Update)
        {
            Assigned[task.TaskId] = task;
        }
        foreach (var taskId in set.Remove)
        {
            Assigned.Remove(taskId);
        }
    }
}
