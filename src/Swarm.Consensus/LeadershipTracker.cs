using DotNext.Net.Cluster;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Swarm.Storage;

namespace Swarm.Consensus;

/// <summary>Tells whether this member is the leader: elected, all entries of earlier terms applied, and able to write.</summary>
internal sealed class LeadershipTracker(
    RaftCluster cluster,
    WriteAheadLog log,
    DiskSpace space,
    Action<bool> changed,
    Action<Exception> failed
) : IAsyncDisposable
{
    private static readonly TimeSpan SpaceCheckPeriod = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private Task _following = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private Task _waitingForSpace = Task.CompletedTask;
    private bool _elected;
    private bool _full;
    private bool _failed;
    private volatile bool _leads;

    public bool IsLeader => _leads;

    public bool IsStorageFull
    {
        get
        {
            lock (_gate)
            {
                return _full;
            }
        }
    }

    /// <summary>Returns once a lone member is the leader, or at once when there are others.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        _watching = WatchLogAsync();
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _following = FollowElectionsAsync(first);
        if (cluster.Members.Count == 1 && cluster.Leader is { IsRemote: false })
        {
            await Task.WhenAny(first.Task, _watching).WaitAsync(cancellation);
        }
    }

    /// <summary>Gives up leadership while there is no room for another entry, when another member can take it. A lone member leads on: what it has
    /// applied is the swarm's state, full disk or not.</summary>
    public void StorageIsFull()
    {
        lock (_gate)
        {
            if (_full || _stopping.IsCancellationRequested)
            {
                return;
            }
            _full = true;
            Update();
            _waitingForSpace = Task.Run(WaitForSpaceAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_following, _watching, _waitingForSpace);
        Set(ref _elected, false);
        _stopping.Dispose();
    }

    private async Task FollowElectionsAsync(TaskCompletionSource first)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var lost = await cluster.WaitForLeadershipAsync(_stopping.Token);
                using var leading = CancellationTokenSource.CreateLinkedTokenSource(lost, _stopping.Token);
                await cluster.ApplyReadBarrierAsync(ReadBarrierType.Strong, leading.Token);
                if (!leading.IsCancellationRequested && cluster.Leader is { IsRemote: false })
                {
                    Set(ref _elected, true);
                    first.TrySetResult();
                }
                await Task.Delay(Timeout.InfiniteTimeSpan, leading.Token);
            }
            catch (Exception error) when (IsTransient(error))
            {
                Set(ref _elected, false);
                // DotNext returns the token of a lost leadership until the next state is reached.
                await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            }
        }
    }

    private static bool IsTransient(Exception error) =>
        error
            is OperationCanceledException
                or NotLeaderException
                or QuorumUnreachableException
                or ObjectDisposedException
                or InvalidOperationException
        || error.GetType().Name.EndsWith("InternalException", StringComparison.Ordinal);

    /// <summary>A failed write or apply ends DotNext's log, which then fails waits for the next applied entry.</summary>
    private async Task WatchLogAsync()
    {
        try
        {
            while (true)
            {
                await log.WaitForApplyAsync(_stopping.Token);
            }
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // Stopped on purpose.
        }
        catch (Exception error)
        {
            Set(ref _failed, true);
            failed(await CauseAsync(error));
        }
    }

    /// <summary>Finds the cause: present waits are only interrupted, but later calls get the cause.</summary>
    private async Task<Exception> CauseAsync(Exception interruption)
    {
        try
        {
            await log.WaitForApplyAsync(0, _stopping.Token);
            return interruption;
        }
        catch (Exception cause)
        {
            return cause.InnerException ?? cause;
        }
    }

    private async Task WaitForSpaceAsync()
    {
        try
        {
            if (cluster.Members.Count > 1)
            {
                await ((ICluster)cluster).ResignAsync(_stopping.Token);
            }
            do
            {
                await Task.Delay(SpaceCheckPeriod, _stopping.Token);
            } while (!space.HasRoomFor(DiskSpace.DefaultReserve));
            Set(ref _full, false);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private void Set(ref bool field, bool value)
    {
        lock (_gate)
        {
            field = value;
            Update();
        }
    }

    private void Update()
    {
        var leads = _elected && !_failed && !(_full && cluster.Members.Count > 1);
        if (leads != _leads)
        {
            _leads = leads;
            changed(leads);
        }
    }
}
