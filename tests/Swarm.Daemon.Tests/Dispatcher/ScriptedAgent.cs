using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>An agent that the test controls. By default it obeys at once: every task reaches its desired state.</summary>
internal sealed class ScriptedAgent(
    string nodeId,
    AsyncDuplexStreamingCall<Wire.AgentMessage, Wire.ManagerMessage> call,
    string executor = "Simulated"
) : IDisposable
{
    private ulong _report;

    public Wire.SessionInfo? Info { get; private set; }

    /// <summary>The manager's assignments, by task id.</summary>
    public Dictionary<string, Wire.TaskAssignment> Assigned { get; } = [];
    public List<Wire.AssignmentSet> Sets { get; } = [];
    public ulong Acknowledged { get; private set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task RegisterAsync(params Wire.TaskStatusUpdate[] tasks)
    {
        var register = new Wire.RegisterAgent
        {
            Description = new Wire.NodeDescription
            {
                Hostname = "host-" + nodeId,
                Platform = new Wire.Platform { Os = "linux", Architecture = "x86_64" },
                Resources = new Wire.Resources { NanoCpus = 4_000_000_000, MemoryBytes = 8L << 30 },
                Executor = executor,
            },
            Address = "127.0.0.1",
        };
        register.Tasks.AddRange(tasks);
        await SendAsync(new Wire.AgentMessage { Register = register });
    }

    public Task SendAsync(Wire.AgentMessage message) => call.RequestStream.WriteAsync(message, Cancel);

    public Task ReportAsync(string taskId, Wire.TaskState state, string error = "") =>
        SendAsync(
            new Wire.AgentMessage
            {
                Report = new Wire.TaskStatusReport { Number = ++_report, Updates = { Update(taskId, state, error) } },
            }
        );

    public static Wire.TaskStatusUpdate Update(string taskId, Wire.TaskState state, string error = "") =>
        new()
        {
            TaskId = taskId,
            Status = new Wire.TaskStatus
            {
                State = state,
                Timestamp = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow),
                Error = error,
            },
        };

    /// <summary>The next message; null when the stream ended well.</summary>
    public async Task<Wire.ManagerMessage?> ReadAsync()
    {
        if (!await call.ResponseStream.MoveNext(Cancel))
        {
            return null;
        }
        var message = call.ResponseStream.Current;
        switch (message.MessageCase)
        {
            case Wire.ManagerMessage.MessageOneofCase.Session:
                Info = message.Session;
                break;
            case Wire.ManagerMessage.MessageOneofCase.Ack:
                Acknowledged = message.Ack.Number;
                break;
            case Wire.ManagerMessage.MessageOneofCase.Assignments:
                Take(message.Assignments);
                break;
        }
        return message;
    }

    /// <summary>Reads until the condition holds, doing nothing else.</summary>
    public async Task ReadUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Assert.NotNull(await ReadAsync());
        }
    }

    /// <summary>Obeys every assignment until the stream ends.</summary>
    public async Task ObeyAsync()
    {
        try
        {
            while (await ReadAsync() is { } message)
            {
                foreach (var task in message.Assignments?.Update ?? [])
                {
                    var reached =
                        task.DesiredState > Wire.TaskState.Running ? Wire.TaskState.Shutdown
                        : task.DesiredState == Wire.TaskState.Running ? Wire.TaskState.Running
                        : Wire.TaskState.Ready;
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

    private void Take(Wire.AssignmentSet set)
    {
        Assert.Equal(Sets.Count == 0 ? 0 : Sets[^1].ResultsIn, set.AppliesTo);
        Sets.Add(set);
        if (set.Kind == Wire.AssignmentSet.Types.Kind.Complete)
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
