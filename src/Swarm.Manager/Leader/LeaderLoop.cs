using System.Threading.Channels;
using Swarm.Consensus;
using Swarm.Consensus.Errors;
using Swarm.Control.Errors;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Manager.Leader;

/// <summary>The single loop of a leader: gathers writes, agents' reports and passed deadlines, and proposes one batch at a time.</summary>
/// <remarks>At most one batch is in flight; later requests wait for the next. Plans see applied state only. Without leadership nothing is
/// planned, and waiting callers get an error.</remarks>
public sealed partial class LeaderLoop : IOrchestrator, IStateObserver, IAsyncDisposable
{
    /// <summary>The pause after a failure that may pass (a full disk).</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Estimated bytes. Batches are kept under this; the log refuses more than 1 MB.</summary>
    private const int BatchLimit = 768 * 1024;

    private readonly StateStore _store;
    private readonly IReplicatedLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaderLoop> _logger;
    private readonly ControlLoop _control;
    private readonly LeaderLoopInbox _inbox = new(commandsAtMost: 4096);
    private readonly Lock _planGate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private Task _running = Task.CompletedTask;
    private volatile bool _mustReset;
    private bool _leading;

    /// <summary>The log has said that it has no room. Said again each second, it would fill the log of swarmd.</summary>
    private bool _toldFull;

    public LeaderLoop(StateStore store, IReplicatedLog log, TimeProvider time, IdSource ids, ILogger<LeaderLoop> logger)
    {
        _store = store;
        _log = log;
        _time = time;
        _logger = logger;
        Ids = ids;
        _control = store.Read(state => new ControlLoop(state, time, ids));
        _timer = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        store.Add(this);
        log.LeadershipChanged += OnLeadershipChanged;
    }

    /// <summary>Ids for objects that commands create. Used on the loop's thread only: inside <c>prepare</c>.</summary>
    public IdSource Ids { get; }

    bool IOrchestrator.CanChangeRoles => false;

    /// <summary>Raised on the loop, before any plan, each time this manager has become the leader. Handlers must be quick.</summary>
    public event Action? LeadershipGained;

    /// <summary>Raised on the loop when leadership was lost.</summary>
    public event Action? LeadershipLost;

    public void Start()
    {
        _running = Task.Run(RunAsync);
        Wake();
    }

    /// <inheritdoc/>
    public async Task<T> ExecuteAsync<T>(
        string requestId,
        Func<ClusterState, CommandChanges> prepare,
        Func<ClusterState, string, T> result,
        CancellationToken cancellation
    )
    {
        if (requestId.Length > 128)
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidRequestId",
                "The request id is longer than 128 characters.",
                requestId[..128],
                "Use any unique string of at most 128 characters, such as a GUID."
            );
        }
        cancellation.ThrowIfCancellationRequested();
        var command = new WaitingCommand<T>(requestId, prepare, result, cancellation);
        _inbox.Add(command);
        Wake();
        return await command.Answer.WaitAsync(cancellation);
    }

    /// <summary>Commits an agent's reports of its tasks. Statuses of other nodes' tasks, or that would move a task backwards, are
    /// ignored.</summary>
    public async Task ReportAsync(string nodeId, IReadOnlyList<ReportedStatus> updates, CancellationToken cancellation)
    {
        var report = new WaitingReport(nodeId, updates);
        _inbox.Add(report);
        Wake();
        await report.Committed.WaitAsync(cancellation);
    }

    /// <summary>Asks the orchestrator a question that changes nothing. No change is applied or planned meanwhile.</summary>
    public T Ask<T>(Func<ControlLoop, ClusterState, T> question)
    {
        // The gate comes first everywhere: a thread with the shared lock never waits for it.
        lock (_planGate)
        {
            return _store.Read(state => question(_control, state));
        }
    }

    void IOrchestrator.RequireStopTask() { }

    void IStateObserver.OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        // The control loop has its marks; the loop that proposed this batch handles them next.
    }

    void IStateObserver.OnRestored()
    {
        _mustReset = true;
        Wake();
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }
        _log.LeadershipChanged -= OnLeadershipChanged;
        _store.Remove(this);
        await _stop.CancelAsync();
        await _running;
        _inbox.FailAll(LeaderErrors.Stopping(), forGood: true);
        await _timer.DisposeAsync();
        _stop.Dispose();
    }

    private void OnLeadershipChanged(bool leads) => Wake();

    private void Wake() => _wake.Writer.TryWrite(true);

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _wake.Reader.ReadAsync(_stop.Token);
                if (FollowLeadership())
                {
                    await WorkAsync();
                    _toldFull = false;
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (ReplicatedLogException e)
            {
                // The plan in flight is lost; the reset restores the marks that it consumed.
                _mustReset = true;
                var isFull = e.Error == ReplicatedLogError.StorageFull;
                if (!(isFull && _toldFull))
                {
                    LogProposalFailed(e, e.Error);
                }
                _toldFull = isFull;
                Arm(RetryDelay);
            }
#pragma warning disable CA1031 // The loop must outlive a fault in one plan; the fault is logged, and waiting callers get an error.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _mustReset = true;
                LogFault(e);
                _inbox.FailAll(
                    new SwarmException(
                        SwarmErrorKind.Internal,
                        "InternalError",
                        "The manager met an unexpected fault.",
                        action: "Look into swarmd's log on the manager, and whether the change was made, then retry.",
                        inner: e
                    )
                );
                Arm(RetryDelay);
            }
        }
    }

    /// <returns>True while this manager is the leader.</returns>
    private bool FollowLeadership()
    {
        var leads = _log.IsLeader;
        if (leads && !_leading)
        {
            _leading = true;
            _mustReset = true;
            Ask(
                (control, _) =>
                {
                    control.Lead();
                    return true;
                }
            );
            LogLeads();
            LeadershipGained?.Invoke();
        }
        else if (!leads)
        {
            if (_leading)
            {
                _leading = false;
                LogFollows();
                LeadershipLost?.Invoke();
            }
            _inbox.FailAll(LeaderErrors.NotLeading(_log));
        }
        if (leads && _mustReset)
        {
            _mustReset = false;
            Ask(
                (control, _) =>
                {
                    control.Reset();
                    return true;
                }
            );
        }
        return leads;
    }

    private async Task WorkAsync()
    {
        while (true)
        {
            _stop.Token.ThrowIfCancellationRequested();
            if (_mustReset || !_log.IsLeader)
            {
                Wake();
                return;
            }
            var committed = await CommitWaitingAsync();
            var plan = Ask((control, _) => control.HasWork ? control.Plan() : []);
            if (plan.Count > 0)
            {
                await ProposeSplitAsync(plan);
            }
            if (!committed && plan.Count == 0 && _inbox.IsEmpty)
            {
                break;
            }
        }
        var (next, busy) = Ask((control, _) => (control.NextWait, control.HasWork));
        if (busy || next is not null)
        {
            // A wait that is over by now, or work that a plan left without a change, is handled soon, not at once.
            var due = next is { Ticks: > 0 } wait ? wait : TimeSpan.FromMilliseconds(50);
            Arm(busy && due > TimeSpan.FromMilliseconds(50) ? TimeSpan.FromMilliseconds(50) : due);
        }
    }

    private void Arm(TimeSpan due)
    {
        // Timers take at most about 49 days; a later deadline is armed again then.
        var longest = TimeSpan.FromDays(1);
        // Rounded up to whole milliseconds, so that the deadline has passed when the timer fires.
        var milliseconds = Math.Ceiling((due > longest ? longest : due).TotalMilliseconds);
        try
        {
            _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // Stopping.
        }
    }

    private async Task ProposeSplitAsync(IReadOnlyList<StateChange> changes)
    {
        var chunk = new List<StateChange>(changes.Count);
        var size = 0;
        foreach (var change in changes)
        {
            var next = change.EstimateSize();
            if (chunk.Count > 0 && size + next > BatchLimit)
            {
                await ProposeHalvingAsync(chunk);
                chunk = [];
                size = 0;
            }
            chunk.Add(change);
            size += next;
        }
        await ProposeHalvingAsync(chunk);
    }

    private async Task ProposeHalvingAsync(List<StateChange> changes)
    {
        try
        {
            await _log.ProposeAsync(changes, _stop.Token);
        }
        catch (ReplicatedLogException e) when (e.Error == ReplicatedLogError.TooLarge && changes.Count > 1)
        {
            var half = changes.Count / 2;
            await ProposeHalvingAsync(changes[..half]);
            await ProposeHalvingAsync(changes[half..]);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This manager leads the swarm.")]
    private partial void LogLeads();

    [LoggerMessage(Level = LogLevel.Information, Message = "This manager no longer leads the swarm.")]
    private partial void LogFollows();

    [LoggerMessage(Level = LogLevel.Warning, Message = "A batch was not committed ({Error}).")]
    private partial void LogProposalFailed(Exception exception, ReplicatedLogError error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected fault in the leader's loop.")]
    private partial void LogFault(Exception exception);
}
