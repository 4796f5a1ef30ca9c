using Swarm.Control.Errors;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Security.Certificates;
using Swarm.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

/// <summary>This node's state in a swarm (none, active, locked or in error) and all changes of it.</summary>
/// <remarks>A single change runs at a time. The record on disk holds the progress of a change: the next start cleans up after a crash in
/// the middle of it.</remarks>
internal sealed partial class NodeRuntime : INodeRuntime
{
    /// <summary>The time that a call waits for a node that is just starting.</summary>
    private static readonly TimeSpan StartWait = TimeSpan.FromSeconds(5);

    /// <summary>The interval of attempts after a start that failed for a reason outside the node (its port is in use).</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(5);

    private readonly NodeRuntimeOptions _options;
    private readonly MembershipStore _store;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NodeStatusNow _now = new(V1.LocalNodeState.Pending, "swarmd is starting", null);
    private LockedMembership? _locked;
    private string _lastLeave = "";

    public NodeRuntime(NodeRuntimeOptions options)
    {
        _options = options;
        _store = new MembershipStore(options.Directory);
        _logger = options.LoggerFactory.CreateLogger<NodeRuntime>();
        Plane = options.CreatePlane(this, options);
    }

    /// <summary>Answers the control API.</summary>
    public IControlPlane Plane { get; }

    public NodeStatusNow Now => Volatile.Read(ref _now);

    /// <summary>Cancelled when swarmd stops.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Resumes the membership of the state directory; called once, at the start. It does not throw: a failure shows in <see cref="Now"/>.</summary>
    public async Task ResumeAsync()
    {
        await _gate.WaitAsync();
        try
        {
            await ResumeOnceAsync();
        }
        finally
        {
            _gate.Release();
            _resumed.TrySetResult();
        }
    }

    /// <summary>Ends streams at once, so that a stop need not wait for their readers.</summary>
    public void BeginStop() => _stopping.Cancel();

    /// <summary>A planned stop: tasks run on, and a manager keeps the node Ready for the grace.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _gate.WaitAsync();
        try
        {
            if (Now.Active is { } active)
            {
                Set(V1.LocalNodeState.Pending, "swarmd is stopping");
                await active.StopAsync(_options.Daemon.RestartGrace);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        _gate.Dispose();
    }

    /// <summary>The running node of a manager.</summary>
    /// <exception cref="SwarmException">NotInSwarm, NotAManager, SwarmLocked, NodeInError, NodePending.</exception>
    public async Task<ActiveNode> RequireManagerAsync(CancellationToken cancellation)
    {
        var active = await RequireActiveAsync(cancellation);
        return active.Manager is null ? throw MembershipErrors.NotAManager(active.ManagerAddresses()) : active;
    }

    /// <summary>The running node.</summary>
    /// <exception cref="SwarmException">NotInSwarm, SwarmLocked, NodeInError, NodePending.</exception>
    public async Task<ActiveNode> RequireActiveAsync(CancellationToken cancellation)
    {
        await WaitForStartAsync(cancellation);
        var now = Now;
        return now.Active
            ?? throw (
                now.State switch
                {
                    V1.LocalNodeState.Locked => MembershipErrors.Locked(),
                    V1.LocalNodeState.Error => MembershipErrors.InError(now.Message),
                    V1.LocalNodeState.Pending => MembershipErrors.Starting(now.Message),
                    _ => MembershipErrors.NotInSwarm(),
                }
            );
    }

    /// <summary>Unlocks a locked manager.</summary>
    /// <exception cref="SwarmException">SwarmNotLocked, InvalidUnlockKey, or the reason why the manager does not start.</exception>
    public async Task UnlockAsync(string unlockKey, CancellationToken cancellation)
    {
        await WaitForStartAsync(cancellation);
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_locked is not { } locked)
            {
                throw MembershipErrors.NotLocked();
            }
            try
            {
                locked.Keys.Unlock(unlockKey);
            }
            catch (DataKeyException e) when (e.Error == DataKeyError.WrongKey)
            {
                throw new SwarmException(
                    SwarmErrorKind.PermissionDenied,
                    "InvalidUnlockKey",
                    "Swarm could not be unlocked: invalid key provided.",
                    action: e.Message,
                    inner: e
                );
            }
            _locked = null;
            await ActivateAsync(locked.Record, locked.Keys);
            LogUnlocked(_logger);
        }
        finally
        {
            _gate.Release();
        }
        if (Now.State == V1.LocalNodeState.Error)
        {
            throw MembershipErrors.InError(Now.Message);
        }
    }

    private async Task WaitForStartAsync(CancellationToken cancellation)
    {
        if (!_resumed.Task.IsCompleted)
        {
            try
            {
                await _resumed.Task.WaitAsync(StartWait, cancellation);
            }
            catch (TimeoutException)
            {
                throw MembershipErrors.Starting(Now.Message);
            }
        }
    }

    private async Task ResumeOnceAsync()
    {
        MembershipRecord? record;
        DataKeyStore? keys = null;
        try
        {
            record = _store.Load();
            switch (record)
            {
                case null:
                    Set(V1.LocalNodeState.Inactive, "");
                    return;
                case { Phase: not MembershipPhase.Active }:
                    LogUnfinished(_logger, record.Phase);
                    _store.Wipe();
                    Set(V1.LocalNodeState.Inactive, "");
                    return;
                case { Role: NodeRole.Manager }:
                    keys = DataKeyStore.Load(_options.Directory.FullPath);
                    break;
                default:
                    break;
            }
        }
#pragma warning disable CA1031 // The node reports any fault of the files on its socket.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
            return;
        }
        if (keys is { IsLocked: true })
        {
            _locked = new LockedMembership(record, keys);
            Set(V1.LocalNodeState.Locked, "Swarm is encrypted and needs to be unlocked before it can be used.");
            LogLocked(_logger);
            return;
        }
        await ActivateAsync(record, keys);
    }

    /// <summary>Starts a node from its files on disk. A failure shows in <see cref="Now"/>; if it may pass, the start is tried
    /// again.</summary>
    private async Task ActivateAsync(MembershipRecord record, DataKeyStore? keys)
    {
        try
        {
            var identity = NodeIdentityFile.Load(_options.Directory, keys?.DataKey);
            if (identity.NodeId != record.NodeId || identity.ClusterId != record.ClusterId)
            {
                throw StateDirectory.Damaged(_options.Directory.Combine(NodeIdentityFile.FileName), "is another node's");
            }
            var active = await ActiveNode.StartAsync(_options, _store, record, identity, keys, null, Plane, _stopping.Token);
            Adopt(active);
            if (active.Manager is { } manager)
            {
                AutolockKeys.Reconcile(keys!, manager.State.Read(static s => s.Cluster));
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // swarmd stopped during the start.
        }
        catch (SwarmException e) when (e.ErrorId == "ListenAddressInUse")
        {
            Fail(e);
            _ = RetryLaterAsync(record, keys);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private async Task RetryLaterAsync(MembershipRecord record, DataKeyStore? keys)
    {
        try
        {
            await Task.Delay(RetryPeriod, _options.Time, _stopping.Token);
            await _gate.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        try
        {
            // The node may have left, or have been started otherwise, meanwhile.
            if (
                Now.State == V1.LocalNodeState.Error
                && _store.Load() is { Phase: MembershipPhase.Active } current
                && current.NodeId == record.NodeId
            )
            {
                await ActivateAsync(current, keys);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Adopt(ActiveNode active)
    {
        active.Removed += () => _ = ForgetAsync(active);
        Volatile.Write(ref _now, new NodeStatusNow(V1.LocalNodeState.Active, "", active));
        LogActive(_logger, active.Record.NodeId, active.Record.ClusterId, active.Record.Role);
    }

    /// <summary>Handles a manager's report that this node was removed from the swarm.</summary>
    private async Task ForgetAsync(ActiveNode active)
    {
        await _gate.WaitAsync();
        try
        {
            if (ReferenceEquals(Now.Active, active))
            {
                Set(V1.LocalNodeState.Pending, "this node was removed from its swarm");
                await active.DisposeAsync();
                _store.Wipe();
                Set(V1.LocalNodeState.Inactive, $"This node was removed from swarm {active.Record.ClusterId}.");
                LogRemoved(_logger, active.Record.ClusterId);
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Set(V1.LocalNodeState state, string message) => Volatile.Write(ref _now, new NodeStatusNow(state, message, null));

    private void Fail(Exception error)
    {
        var message = error is SwarmException { Action.Length: > 0 } swarm ? $"{swarm.Message} {swarm.Action}" : error.Message;
        Set(V1.LocalNodeState.Error, message);
        LogError(_logger, error, message);
    }

    private sealed record LockedMembership(MembershipRecord Record, DataKeyStore Keys);

    [LoggerMessage(LogLevel.Information, "Node {NodeId} is active in swarm {ClusterId} as {Role}.")]
    private static partial void LogActive(ILogger logger, string nodeId, string clusterId, NodeRole role);

    [LoggerMessage(LogLevel.Warning, "This manager is locked: it waits for the unlock key (Unlock-Swarm).")]
    private static partial void LogLocked(ILogger logger);

    [LoggerMessage(LogLevel.Information, "This manager was unlocked.")]
    private static partial void LogUnlocked(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "A change of membership ({Phase}) was interrupted; what it left is removed.")]
    private static partial void LogUnfinished(ILogger logger, MembershipPhase phase);

    [LoggerMessage(LogLevel.Warning, "This node was removed from swarm {ClusterId}; it has forgotten the swarm.")]
    private static partial void LogRemoved(ILogger logger, string clusterId);

    [LoggerMessage(LogLevel.Error, "This node cannot take part in its swarm: {Reason}")]
    private static partial void LogError(ILogger logger, Exception error, string reason);
}
