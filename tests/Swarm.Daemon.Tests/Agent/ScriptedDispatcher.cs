using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>A manager's side of sessions, scripted by the test, over a real Unix socket.</summary>
internal sealed class ScriptedDispatcher : V1.Dispatcher.DispatcherBase, IAsyncDisposable
{
    private readonly Channel<ScriptedSession> _sessions = Channel.CreateUnbounded<ScriptedSession>();
    private readonly System.Collections.Concurrent.ConcurrentBag<ScriptedSession> _all = [];
    private WebApplication? _application;
    private string _directory = "";

    public string Address => Path.Combine(_directory, "manager.sock");

    public static async Task<ScriptedDispatcher> StartAsync()
    {
        var dispatcher = new ScriptedDispatcher { _directory = Directory.CreateTempSubdirectory("swarm-dispatcher-").FullName };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(dispatcher);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(dispatcher.Address, listen => listen.Protocols = HttpProtocols.Http2)
        );
        dispatcher._application = builder.Build();
        dispatcher._application.MapGrpcService<ScriptedDispatcher>();
        await dispatcher._application.StartAsync();
        return dispatcher;
    }

    public static GrpcChannel Connect(string socket) => UnixSocketChannel.Open(socket);

    /// <summary>The next session that an agent opens, registered and answered.</summary>
    public async Task<ScriptedSession> AcceptAsync(params string[] managers)
    {
        var session = await NextAsync();
        var info = new V1.SessionInfo
        {
            SessionId = "session",
            NodeId = "node1",
            ClusterId = "cluster",
            HeartbeatPeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)),
        };
        info.ManagerAddresses.AddRange(managers);
        await session.SendAsync(new V1.ManagerMessage { Session = info });
        return session;
    }

    /// <summary>The next session, registered but not answered.</summary>
    public async Task<ScriptedSession> NextAsync()
    {
        var session = await Deadline.WaitAsync(
            _sessions.Reader.ReadAsync(TestContext.Current.CancellationToken),
            "the agent to open a session"
        );
        session.Registration = (await session.ReceiveAsync()).Register;
        Assert.NotNull(session.Registration);
        return session;
    }

    public override async Task Session(
        IAsyncStreamReader<V1.AgentMessage> requestStream,
        IServerStreamWriter<V1.ManagerMessage> responseStream,
        ServerCallContext context
    )
    {
        var session = new ScriptedSession(requestStream, responseStream, context.CancellationToken);
        _all.Add(session);
        await _sessions.Writer.WriteAsync(session);
        await session.Closed;
    }

    /// <summary>Ends every session, so that an agent that says goodbye need not wait.</summary>
    public void CloseSessions()
    {
        foreach (var session in _all)
        {
            session.Close();
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _application!.StopAsync(now.Token);
        await _application.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

/// <summary>A session, seen from the manager.</summary>
internal sealed class ScriptedSession(
    IAsyncStreamReader<V1.AgentMessage> requests,
    IServerStreamWriter<V1.ManagerMessage> responses,
    CancellationToken aborted
)
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _sequence;

    public V1.RegisterAgent Registration { get; set; } = new();

    // No deadline: the session lasts as long as the test.
    public Task Closed => _closed.Task.WaitAsync(aborted).ContinueWith(_ => { }, TaskScheduler.Default);

    /// <summary>Ends the stream from the manager's side.</summary>
    public void Close() => _closed.TrySetResult();

    public Task SendAsync(V1.ManagerMessage message) => responses.WriteAsync(message);

    /// <summary>Sends tasks, and beside them the specs that they carry.</summary>
    public Task AssignAsync(
        V1.AssignmentSet.Types.Kind kind,
        V1.TaskAssignment[] update,
        string[] remove,
        ulong skip = 0,
        bool more = false
    )
    {
        var set = new V1.AssignmentSet
        {
            Kind = kind,
            AppliesTo = _sequence + skip,
            More = more,
        };
        set.ResultsIn = _sequence = set.AppliesTo + 1;
        foreach (var task in update)
        {
            var sent = task.Clone();
            sent.Spec = null;
            set.Update.Add(sent);
            set.Revisions.Add(
                new V1.AssignedRevision
                {
                    ServiceId = task.ServiceId,
                    Number = task.Revision,
                    Spec = task.Spec,
                }
            );
        }
        set.Remove.AddRange(remove);
        return SendAsync(new V1.ManagerMessage { Assignments = set });
    }

    public Task CompleteAsync(params V1.TaskAssignment[] update) => AssignAsync(V1.AssignmentSet.Types.Kind.Complete, update, []);

    public Task UpdateAsync(params V1.TaskAssignment[] update) => AssignAsync(V1.AssignmentSet.Types.Kind.Incremental, update, []);

    public Task RemoveAsync(params string[] remove) => AssignAsync(V1.AssignmentSet.Types.Kind.Incremental, [], remove);

    public async Task<V1.AgentMessage> ReceiveAsync()
    {
        var next = Deadline.WaitAsync(requests.MoveNext(TestContext.Current.CancellationToken), "a message of the agent");
        Assert.True(await next, "The agent has closed the stream.");
        return requests.Current;
    }

    /// <summary>Reads until one message fits.</summary>
    /// <param name="fits">Whether it is the one.</param>
    /// <param name="what">Its name: by default, the condition as it is written.</param>
    public Task<V1.AgentMessage> ReceiveAsync(Func<V1.AgentMessage, bool> fits, [CallerArgumentExpression(nameof(fits))] string what = "")
    {
        return Deadline.WaitAsync(ReadAsync(), $"a message of the agent: {what}");

        async Task<V1.AgentMessage> ReadAsync()
        {
            while (true)
            {
                var message = await ReceiveAsync();
                if (fits(message))
                {
                    return message;
                }
            }
        }
    }

    /// <summary>Acknowledges reports until the task has reached a state; returns all its statuses until then.</summary>
    public async Task<List<V1.TaskStatus>> UntilAsync(string taskId, V1.TaskState state)
    {
        var seen = new List<V1.TaskStatus>();
        while (seen.Count == 0 || seen[^1].State != state)
        {
            var last = seen.Count == 0 ? "nothing was heard of it" : $"it is {seen[^1].State}";
            var report = (await ReceiveAsync(m => m.Report is not null, $"task {taskId} is {state} ({last})")).Report;
            await SendAsync(new V1.ManagerMessage { Ack = new V1.ReportAck { Number = report.Number } });
            seen.AddRange(report.Updates.Where(u => u.TaskId == taskId).Select(u => u.Status));
        }
        return seen;
    }
}
