using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.State;

namespace Swarm.Manager.Leader;

/// <summary>A write that waits for its batch.</summary>
internal abstract class WaitingCommand(string requestId, CancellationToken cancellation)
{
    public string RequestId { get; } = requestId;
    public CancellationToken Cancellation { get; } = cancellation;

    public abstract CommandChanges Prepare(ClusterState state);

    /// <summary>Reads the answer from applied state and returns it to the caller. Called under the shared lock.</summary>
    public abstract void Complete(ClusterState state, string resultId);

    public abstract void Fail(Exception why);
}

internal sealed class WaitingCommand<T>(
    string requestId,
    Func<ClusterState, CommandChanges> prepare,
    Func<ClusterState, string, T> result,
    CancellationToken cancellation
) : WaitingCommand(requestId, cancellation)
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Answer => _answer.Task;

    public override CommandChanges Prepare(ClusterState state) => prepare(state);

    public override void Complete(ClusterState state, string resultId)
    {
        try
        {
            _answer.TrySetResult(result(state, resultId));
        }
#pragma warning disable CA1031 // An exception of reading the answer is for the caller; the change itself is committed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _answer.TrySetException(e);
        }
    }

    public override void Fail(Exception why) => _answer.TrySetException(why);
}

/// <summary>An agent's report that waits for its batch.</summary>
internal sealed class WaitingReport(string nodeId, IReadOnlyList<ReportedStatus> updates)
{
    private readonly TaskCompletionSource _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string NodeId { get; } = nodeId;
    public IReadOnlyList<ReportedStatus> Updates { get; } = updates;

    public Task Committed => _committed.Task;

    public void Complete() => _committed.TrySetResult();

    public void Fail(Exception why) => _committed.TrySetException(why);
}

/// <summary>The queue of the loop. It is bounded: when it is full, further callers are refused.</summary>
internal sealed class LeaderLoopInbox(int commandsAtMost)
{
    private readonly Lock _gate = new();
    private readonly Queue<WaitingCommand> _commands = new();
    private readonly Queue<WaitingReport> _reports = new();
    private Exception? _closed;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _commands.Count == 0 && _reports.Count == 0;
            }
        }
    }

    public void Add(WaitingCommand command)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                command.Fail(_closed);
                return;
            }
            if (_commands.Count >= commandsAtMost)
            {
                command.Fail(
                    new SwarmException(
                        SwarmErrorKind.ResourceExhausted,
                        "TooManyRequests",
                        $"{_commands.Count} writes are waiting already.",
                        action: "Wait a moment and retry."
                    )
                );
                return;
            }
            _commands.Enqueue(command);
        }
    }

    public void Add(WaitingReport report)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                report.Fail(_closed);
                return;
            }
            _reports.Enqueue(report);
        }
    }

    public bool TryPeekCommand(out WaitingCommand? command)
    {
        lock (_gate)
        {
            return _commands.TryPeek(out command);
        }
    }

    public void TakeCommand()
    {
        lock (_gate)
        {
            _commands.Dequeue();
        }
    }

    public bool TryTakeReport(out WaitingReport? report)
    {
        lock (_gate)
        {
            return _reports.TryDequeue(out report);
        }
    }

    /// <summary>Fails all waiting callers; with <paramref name="forGood"/>, later ones too.</summary>
    public void FailAll(Exception why, bool forGood = false)
    {
        WaitingCommand[] commands;
        WaitingReport[] reports;
        lock (_gate)
        {
            commands = [.. _commands];
            reports = [.. _reports];
            _commands.Clear();
            _reports.Clear();
            _closed = forGood ? why : _closed;
        }
        foreach (var command in commands)
        {
            command.Fail(why);
        }
        foreach (var report in reports)
        {
            report.Fail(why);
        }
    }
}
