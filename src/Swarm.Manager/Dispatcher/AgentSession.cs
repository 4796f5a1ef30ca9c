using System.Threading.Channels;
using Grpc.Core;
using Swarm.Control.Errors;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Manager.Dispatcher.Sending;
using Swarm.Manager.Leader;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>The end of a session, which decides the node's status.</summary>
internal enum SessionEnd
{
    /// <summary>The stream broke, or ended because of the agent's error.</summary>
    Broken,

    /// <summary>The agent announced a restart.</summary>
    Restarting,

    /// <summary>The agent announced that it leaves.</summary>
    Left,

    /// <summary>The manager has set the node's status already, or is no longer the leader.</summary>
    Settled,
}

/// <summary>The stream of a registered agent: reads its messages, commits its reports, sends its assignments.</summary>
internal sealed class AgentSession(
    string nodeId,
    AgentSessions sessions,
    StateStore store,
    LeaderLoop loop,
    DispatcherOptions options,
    AgentRegistration registration,
    IAsyncStreamReader<V1.AgentMessage> requests,
    IServerStreamWriter<V1.ManagerMessage> responses
) : IDisposable
{
    /// <summary>Reports that may wait for the log; with more, the agent's stream is no longer read.</summary>
    private const int ReportsInFlight = 16;

    /// <summary>Statuses that are committed together when several reports wait. The commits divide them by size.</summary>
    private const int StatusesTogether = 4096;

    /// <summary>The pause between two attempts to commit while the manager's disk is full.</summary>
    public static readonly TimeSpan RoomCheckPeriod = TimeSpan.FromSeconds(1);

    private readonly Channel<V1.TaskStatusReport> _reports = Channel.CreateBounded<V1.TaskStatusReport>(ReportsInFlight);

    /// <summary>The newest description that is not committed yet.</summary>
    private readonly Channel<NodeDescription> _descriptions = Channel.CreateBounded<NodeDescription>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _gate = new();
    private readonly HostCalls _hostCalls = new();
    private Exception? _why;
    private V1.ManagerMessage? _lastWord;

    public string SessionId { get; } = Guid.NewGuid().ToString("N");
    public Assignments Assignments { get; } = new(nodeId) { TakesParts = registration.TakesParts };

    /// <summary>The node's forwarding table; null: the agent has no data plane.</summary>
    public SessionForwarding? Forwarding { get; } = registration.TakesForwarding ? new SessionForwarding() : null;

    /// <summary>The manager itself does not read the stream at present, so silence is not the agent's.</summary>
    public bool IsBlockedByManager { get; private set; }

    /// <summary>Signals that there is something to send.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Ends the session from the manager's side.</summary>
    /// <param name="why">The status for the agent; null: the stream ends without an error.</param>
    /// <param name="lastWord">The last message before the stream ends.</param>
    public void End(SwarmException? why, V1.ManagerMessage? lastWord = null)
    {
        lock (_gate)
        {
            if (_ended.IsCancellationRequested)
            {
                return;
            }
            (_why, _lastWord) = (why, lastWord);
        }
        // Not on this thread: it may hold the state's lock.
        ThreadPool.UnsafeQueueUserWorkItem(static ended => Cancel(ended), _ended, preferLocal: false);
    }

    /// <summary>Has the node's swarmd run a command on its host.</summary>
    /// <returns>Null: the session ended before the answer.</returns>
    public Task<V1.HostAnswer?> RunHostCommandAsync(V1.HostCommand command, CancellationToken cancellation) =>
        _hostCalls.RunAsync(command, call => WriteAsync(new V1.ManagerMessage { HostCall = call }, cancellation), cancellation);

    /// <summary>Runs until the stream ends. The agent is heard from the beginning; reports and assignments wait until the node is
    /// registered.</summary>
    /// <param name="info">The answer to the registration.</param>
    /// <param name="registered">The registration is committed. Its refusal ends the session.</param>
    /// <param name="cancellation">The stream is gone.</param>
    public async Task<SessionEnd> RunAsync(V1.SessionInfo info, Task registered, CancellationToken cancellation)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ended.Token);
        var token = linked.Token;
        await WriteAsync(new V1.ManagerMessage { Session = info }, token);
        // The clock starts here: before, the agent could not know how often it must be heard.
        sessions.Touch(nodeId, this);
        Wake();
        var reading = ReadAsync(token);
        var sending = SendAsync(registered, token);
        var committing = CommitAsync(registered, token);
        var describing = DescribeAsync(registered, token);
        var first = await Task.WhenAny(reading, sending, committing, describing);
        await linked.CancelAsync();
        await Task.WhenAll(reading, sending, committing, describing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _hostCalls.EndAll();
        Forwarding?.End();
        if (_ended.IsCancellationRequested)
        {
            if (_lastWord is { } lastWord && !cancellation.IsCancellationRequested)
            {
                await WriteAsync(lastWord, cancellation);
            }
            return _why is { } why ? throw why : SessionEnd.Settled;
        }
        if (first.Exception?.GetBaseException() is SwarmException refusal)
        {
            throw refusal;
        }
        return reading.IsCompletedSuccessfully ? await reading : SessionEnd.Broken;
    }

    public void Dispose()
    {
        _hostCalls.EndAll();
        Forwarding?.End();
        // The token source is not disposed: End may still use it, and it holds no resources.
        _writing.Dispose();
    }

    private static void Cancel(CancellationTokenSource source) => source.Cancel();

    private async Task<SessionEnd> ReadAsync(CancellationToken cancellation)
    {
        var budget = new MessageBudget(options.Time);
        while (await requests.MoveNext(cancellation))
        {
            if (!budget.TryTake())
            {
                throw new SwarmException(
                    SwarmErrorKind.ResourceExhausted,
                    "TooManyMessages",
                    $"Node {nodeId} sends more messages than a session may.",
                    nodeId,
                    "Connect again, and send reports in batches."
                );
            }
            sessions.Touch(nodeId, this);
            var message = requests.Current;
            switch (message.MessageCase)
            {
                case V1.AgentMessage.MessageOneofCase.Heartbeat:
                    break;
                case V1.AgentMessage.MessageOneofCase.Report:
                    IsBlockedByManager = true;
                    await _reports.Writer.WriteAsync(message.Report, cancellation);
                    IsBlockedByManager = false;
                    break;
                case V1.AgentMessage.MessageOneofCase.Description:
                    _descriptions.Writer.TryWrite(StatusChecks.Read(message.Description));
                    break;
                case V1.AgentMessage.MessageOneofCase.HostReply:
                    _hostCalls.Complete(message.HostReply);
                    break;
                case V1.AgentMessage.MessageOneofCase.ForwardingAck when Forwarding is not null:
                    Forwarding.Acknowledge(message.ForwardingAck.Revision);
                    break;
                case V1.AgentMessage.MessageOneofCase.Goodbye:
                    // Its earlier reports go first.
                    _reports.Writer.TryComplete();
                    return await sessions.SayGoodbyeAsync(nodeId, this, message.Goodbye, cancellation);
                default:
                    throw new SwarmException(
                        SwarmErrorKind.InvalidArgument,
                        "UnexpectedMessage",
                        $"Node {nodeId} sent {message.MessageCase} where a heartbeat, report, description or goodbye is expected.",
                        nodeId,
                        "Register once, as the first message."
                    );
            }
            sessions.Touch(nodeId, this);
        }
        return SessionEnd.Broken;
    }

    private async Task DescribeAsync(Task registered, CancellationToken cancellation)
    {
        await registered.WaitAsync(cancellation);
        await foreach (var description in _descriptions.Reader.ReadAllAsync(cancellation))
        {
            await CommitWhenThereIsRoomAsync(token => sessions.DescribeAsync(nodeId, description, token), null, cancellation);
        }
    }

    /// <summary>With a full disk the session goes on, and its heartbeats are heard: the node has done nothing wrong.</summary>
    /// <param name="commit">Is called until it succeeds.</param>
    /// <param name="noRoom">Is called after each attempt that found no room.</param>
    /// <param name="cancellation">The end of the session.</param>
    public async Task CommitWhenThereIsRoomAsync(Func<CancellationToken, Task> commit, Action? noRoom, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await commit(cancellation);
                return;
            }
            catch (SwarmException e) when (LeaderErrors.IsStorageFull(e))
            {
                noRoom?.Invoke();
                await Task.Delay(RoomCheckPeriod, options.Time, cancellation);
            }
        }
    }

    private async Task CommitAsync(Task registered, CancellationToken cancellation)
    {
        await registered.WaitAsync(cancellation);
        var reports = _reports.Reader;
        while (await reports.WaitToReadAsync(cancellation))
        {
            var statuses = new List<ReportedStatus>();
            var numbers = new List<ulong>();
            while (statuses.Count < StatusesTogether && reports.TryRead(out var report))
            {
                statuses.AddRange(StatusChecks.Read(report.Updates, options.Time.GetUtcNow()));
                numbers.Add(report.Number);
            }
            foreach (var part in StatusChecks.Divide(statuses))
            {
                await CommitWhenThereIsRoomAsync(token => loop.ReportAsync(nodeId, part, token), null, cancellation);
            }
            foreach (var number in numbers)
            {
                await WriteAsync(new V1.ManagerMessage { Ack = new V1.ReportAck { Number = number } }, cancellation);
            }
        }
        // The reader got a goodbye and ends the session.
        await Task.Delay(Timeout.Infinite, cancellation);
    }

    private async Task SendAsync(Task registered, CancellationToken cancellation)
    {
        await registered.WaitAsync(cancellation);
        while (true)
        {
            await _wake.Reader.ReadAsync(cancellation);
            if (options.AssignmentBatching > TimeSpan.Zero)
            {
                await Task.Delay(options.AssignmentBatching, cancellation);
            }
            bool more;
            do
            {
                (var set, var forwarding, var index, more) = store.Read(state =>
                {
                    var leftToForward = false;
                    var forward = Forwarding?.Next(state, out leftToForward);
                    var next = Assignments.Next(state, out var left);
                    return (next, forward, state.Index, left || leftToForward);
                });
                if (forwarding is not null)
                {
                    await WriteAsync(new V1.ManagerMessage { Forwarding = forwarding }, cancellation);
                }
                if (set is not null)
                {
                    await WriteAsync(new V1.ManagerMessage { Assignments = set }, cancellation);
                }
                if (Assignments.TakeHeld() is { Count: > 0 } held)
                {
                    _ = ReleaseAsync(held, index, cancellation);
                }
            } while (more);
        }
    }

    /// <summary>Tells the agent to end tasks once no node sends them new connections.</summary>
    private async Task ReleaseAsync(IReadOnlyList<string> held, ulong index, CancellationToken cancellation)
    {
        try
        {
            await sessions.ForwardedAsync(index, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The session has ended. The next one begins with a complete set.
            return;
        }
        Assignments.Release(held);
        Wake();
    }

    private async Task WriteAsync(V1.ManagerMessage message, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await responses.WriteAsync(message, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }
}
