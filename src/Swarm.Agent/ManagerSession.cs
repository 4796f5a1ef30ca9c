using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Swarm.Agent.Forwarding;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using Swarm.Wire.Errors;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>The end of a session.</summary>
/// <param name="Opened">The manager had accepted the session.</param>
/// <param name="RedirectTo">Not null: that manager is not the leader; these may be.</param>
/// <param name="Error">The error that ended it, for what the reason does not tell; null when there was none.</param>
internal sealed record SessionResult(bool Opened, bool Removed, IReadOnlyList<string>? RedirectTo, string Reason, Exception? Error = null);

/// <summary>A stream to a manager, from registration to its end.</summary>
internal sealed class ManagerSession(
    AgentOptions options,
    AssignedTasks tasks,
    StatusOutbox outbox,
    NodeForwarding? forwarding,
    Func<CancellationToken, Task<NodeDescription>> examine,
    Func<NodeDescription> describe,
    Action<NodeDescription> described,
    Action<V1.SessionInfo, TimeSpan> opened,
    ILogger logger
)
{
    /// <summary>The time within which a manager must answer.</summary>
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Heartbeat periods that a manager may order. A shorter one would keep the machine busy; with a longer one a lost node would
    /// not be noticed.</summary>
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMinutes(10);

    /// <summary>The interval of new node descriptions.</summary>
    private static readonly TimeSpan DescribePeriod = TimeSpan.FromSeconds(30);

    private readonly Channel<V1.AgentMessage> _outgoing = Channel.CreateUnbounded<V1.AgentMessage>(new() { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Channel<bool> _examine = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    private volatile bool _isOpen;

    public async Task<SessionResult> RunAsync(string address, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var open = new CancellationTokenSource(OpenTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, open.Token);
        var work = new List<Task>();
        try
        {
            using var channel = options.Connect(address);
            using var call = new V1.Dispatcher.DispatcherClient(channel).Session(cancellationToken: ending.Token);
            var statuses = tasks.Report();
            var register = Registration(statuses);
            try
            {
                await call.RequestStream.WriteAsync(new V1.AgentMessage { Register = register }, either.Token);
            }
            catch (Exception e) when (e is not SwarmException && !either.IsCancellationRequested)
            {
                // A call that has failed refuses to write and gives no reason. The headers have that of a connection that was not made, the stream that of
                // the manager.
                await call.ResponseHeadersAsync.WaitAsync(either.Token);
                await call.ResponseStream.MoveNext(either.Token);
                throw;
            }
            ulong? sequence = null;
            var revisions = new SessionRevisions();
            while (await call.ResponseStream.MoveNext(_isOpen ? ending.Token : either.Token))
            {
                var message = call.ResponseStream.Current;
                switch (message.MessageCase)
                {
                    case V1.ManagerMessage.MessageOneofCase.Session when !_isOpen:
                        var period = HeartbeatPeriod(message.Session);
                        opened(message.Session, period);
                        _isOpen = true;
                        logger.SessionOpened(message.Session.SessionId, address, statuses.Count);
                        // The beats come first: the rest of the registration may take its time.
                        work.Add(WriteAsync(call.RequestStream, ending));
                        work.Add(BeatAsync(period, ending.Token));
                        outbox.Reset();
                        outbox.AddEarlier(statuses.Skip(register.Tasks.Count));
                        work.Add(ReportAsync(ending.Token));
                        work.Add(DescribeAsync(ending.Token));
                        break;
                    case V1.ManagerMessage.MessageOneofCase.Session:
                        return new SessionResult(_isOpen, false, null, "the manager has opened the session twice");
                    case V1.ManagerMessage.MessageOneofCase.Assignments
                    or V1.ManagerMessage.MessageOneofCase.Ack
                    or V1.ManagerMessage.MessageOneofCase.Forwarding when !_isOpen:
                        return new SessionResult(
                            _isOpen,
                            false,
                            null,
                            $"the manager sent {message.MessageCase} before it opened the session"
                        );
                    case V1.ManagerMessage.MessageOneofCase.Assignments:
                        var set = message.Assignments;
                        if (set.Kind != V1.AssignmentSet.Types.Kind.Complete && set.AppliesTo != sequence)
                        {
                            return new SessionResult(_isOpen, false, null, $"assignment set {set.AppliesTo} is missing");
                        }
                        // A complete set is followed without the task: another session would get the same one.
                        if (revisions.Resolve(set) is { } missing && set.Kind != V1.AssignmentSet.Types.Kind.Complete)
                        {
                            return new SessionResult(_isOpen, false, null, missing);
                        }
                        sequence = set.ResultsIn;
                        tasks.Apply(set);
                        break;
                    case V1.ManagerMessage.MessageOneofCase.Ack:
                        outbox.Acknowledge(message.Ack.Number);
                        break;
                    case V1.ManagerMessage.MessageOneofCase.Forwarding:
                        forwarding?.Receive(message.Forwarding, Acknowledge);
                        break;
                    case V1.ManagerMessage.MessageOneofCase.HostCall:
                        work.Add(RunHostCallAsync(message.HostCall, ending.Token));
                        break;
                    case V1.ManagerMessage.MessageOneofCase.Redirect:
                        return new SessionResult(_isOpen, false, [.. message.Redirect.ManagerAddresses], "that manager does not lead");
                    case V1.ManagerMessage.MessageOneofCase.Removed:
                        return new SessionResult(_isOpen, true, null, "this node was removed");
                }
            }
            return new SessionResult(_isOpen, false, null, "the manager has closed it");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new SessionResult(
                _isOpen,
                false,
                null,
                open.IsCancellationRequested ? "the manager does not answer" : "the stream broke"
            );
        }
        catch (Exception e)
            when (e is RpcException or IOException or HttpRequestException or InvalidOperationException or ObjectDisposedException)
        {
            cancellation.ThrowIfCancellationRequested();
            // A node that was away when it was removed learns of that by the refusal of its session.
            var removed = e is RpcException refused && GrpcErrors.ToSwarmException(refused) is { ErrorId: "NodeRemoved" };
            return new SessionResult(_isOpen, removed, null, e is RpcException rpc ? GrpcErrors.Reason(rpc) : e.Message, e);
        }
        catch (SwarmException e)
        {
            return new SessionResult(_isOpen, false, null, $"the manager sent what cannot be understood: {e.Message}");
        }
#pragma warning disable CA1031 // The agent goes on and connects again, whatever a manager sends and whatever fails here.
        catch (Exception e)
#pragma warning restore CA1031
        {
            cancellation.ThrowIfCancellationRequested();
            logger.SessionFault(e);
            return new SessionResult(_isOpen, false, null, e.Message);
        }
        finally
        {
            if (forwarding is not null)
            {
                forwarding.FaultsChanged -= Examine;
            }
            _ended.TrySetResult();
            await ending.CancelAsync();
            await Task.WhenAll(work);
        }
    }

    /// <summary>The first message of the session: the node, and as many tasks as a message has room for. The others follow as
    /// reports.</summary>
    private V1.RegisterAgent Registration(IReadOnlyList<(string TaskId, TaskStatus Status)> statuses)
    {
        var register = new V1.RegisterAgent
        {
            Description = ProtocolMapping.ToWire(Sent(describe())),
            ProtocolVersion = "1",
            Address = options.Address,
            TakesParts = true,
            TakesForwarding = forwarding is not null,
        };
        var bytes = 0;
        foreach (var (taskId, status) in statuses)
        {
            var update = new V1.TaskStatusUpdate { TaskId = taskId, Status = ProtocolMapping.ToWire(status) };
            bytes += update.CalculateSize();
            if (bytes > SessionParts.StatusBytes)
            {
                break;
            }
            register.Tasks.Add(update);
        }
        return register;
    }

    /// <summary>The description as a manager takes it. A text that was cut in the middle of an emoji ends with a joiner, which is made visible.</summary>
    private static NodeDescription Sent(NodeDescription description) => NodeTexts.Visible(BoundedDescription.Of(description));

    private static TimeSpan HeartbeatPeriod(V1.SessionInfo info)
    {
        var period = ProtocolMapping.FromWire(info.HeartbeatPeriod, TimeSpan.FromSeconds(1), "HeartbeatPeriod");
        return period < ShortestPeriod ? ShortestPeriod
            : period > LongestPeriod ? LongestPeriod
            : period;
    }

    /// <summary>Announces a planned stop. Completes when the manager has closed the stream (2 s at most): closing it from here would lose
    /// the message.</summary>
    public async Task SayGoodbyeAsync(bool restart, TimeSpan grace)
    {
        if (
            _isOpen
            && _outgoing.Writer.TryWrite(
                new V1.AgentMessage
                {
                    Goodbye = new V1.Goodbye { Restart = restart, Grace = Duration.FromTimeSpan(grace) },
                }
            )
        )
        {
            await _ended.Task.WaitAsync(TimeSpan.FromSeconds(2)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WriteAsync(IClientStreamWriter<V1.AgentMessage> stream, CancellationTokenSource ending)
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(ending.Token))
            {
                await stream.WriteAsync(message, ending.Token);
                if (message.MessageCase == V1.AgentMessage.MessageOneofCase.Goodbye)
                {
                    await stream.CompleteAsync();
                    return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or IOException or InvalidOperationException)
        {
            await ending.CancelAsync();
        }
    }

    /// <summary>Runs beside the session, which goes on: a firewall's tool may take long.</summary>
    private async Task RunHostCallAsync(V1.HostCall call, CancellationToken cancellation)
    {
        try
        {
            var answer = await options.RunHostCommand(call.Command ?? new V1.HostCommand(), cancellation);
            _outgoing.Writer.TryWrite(
                new V1.AgentMessage
                {
                    HostReply = new V1.HostReply { Number = call.Number, Answer = answer },
                }
            );
        }
        catch (OperationCanceledException)
        {
            // The session has ended; a change in progress is rolled back.
        }
    }

    private Task ReportAsync(CancellationToken cancellation) =>
        UntilCancelledAsync(async () => _outgoing.Writer.TryWrite(new V1.AgentMessage { Report = await outbox.NextAsync(cancellation) }));

    private Task BeatAsync(TimeSpan period, CancellationToken cancellation) =>
        UntilCancelledAsync(async () =>
        {
            await Task.Delay(period, options.Time, cancellation);
            _outgoing.Writer.TryWrite(new V1.AgentMessage { Heartbeat = new V1.Heartbeat() });
        });

    /// <summary>The table of a revision is in force.</summary>
    private void Acknowledge(ulong revision) =>
        _outgoing.Writer.TryWrite(new V1.AgentMessage { ForwardingAck = new V1.ForwardingAck { Revision = revision } });

    /// <summary>The description has changed, and the managers learn it now.</summary>
    private void Examine() => _examine.Writer.TryWrite(true);

    private Task DescribeAsync(CancellationToken cancellation)
    {
        var last = describe();
        if (forwarding is not null)
        {
            forwarding.FaultsChanged += Examine;
        }
        return UntilCancelledAsync(async () =>
        {
            await WaitToExamineAsync(cancellation);
            try
            {
                var now = await examine(cancellation);
                if (now != last)
                {
                    last = now;
                    described(now);
                    _outgoing.Writer.TryWrite(new V1.AgentMessage { Description = ProtocolMapping.ToWire(Sent(now)) });
                }
            }
#pragma warning disable CA1031 // The session goes on and asks again, whatever error the engine gives.
            catch (Exception e) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
            {
                logger.ExecutorAway(e.Message);
            }
        });
    }

    private async Task WaitToExamineAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(Task.Delay(DescribePeriod, options.Time, either.Token), _examine.Reader.WaitToReadAsync(either.Token).AsTask());
        await either.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
        _examine.Reader.TryRead(out _);
    }

    private static async Task UntilCancelledAsync(Func<Task> act)
    {
        try
        {
            while (true)
            {
                await act();
            }
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
        }
    }
}
