using System.Diagnostics.CodeAnalysis;
using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>The applied state, guarded: one writer (the log's applying thread), many readers, and observers that never block the writer.</summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The lock outlives the last call that may still come in; it holds nothing while nobody waits."
)]
public sealed class StateStore : IStateMachinePort
{
    // Never disposed: a call during the manager's stop finds the state closed, not a disposed lock.
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);
    private bool _closed;
    private readonly Lock _observerGate = new();
    private readonly List<ChangedObject> _changes = [];
    private IStateObserver[] _observers = [];

    public StateStore() => State.Changed += _changes.Add;

    /// <summary>For callers that <see cref="Read{T}"/> guards.</summary>
    public ClusterState State { get; } = new();

    /// <summary>Reads under the shared lock. Take the (immutable) records that are needed and return: while this runs, nothing is applied.</summary>
    /// <exception cref="SwarmException">NoLeader: this manager has stopped, or left its swarm.</exception>
    public T Read<T>(Func<ClusterState, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        _lock.EnterReadLock();
        try
        {
            return _closed ? throw LeaderErrors.Stopping() : read(State);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    public void Apply(IReadOnlyList<StateChange> batch, ulong index)
    {
        _lock.EnterWriteLock();
        try
        {
            _changes.Clear();
            State.Apply(batch, index);
            var observers = Volatile.Read(ref _observers);
            if (_changes.Count == 0 || observers.Length == 0)
            {
                return;
            }
            ChangedObject[] changes = [.. _changes];
            foreach (var observer in observers)
            {
                observer.OnApplied(changes, index);
            }
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    public StateSnapshot Capture() => Read(static state => state.Capture());

    public void Restore(StateSnapshot snapshot)
    {
        _lock.EnterWriteLock();
        try
        {
            State.Restore(snapshot);
            foreach (var observer in Volatile.Read(ref _observers))
            {
                observer.OnRestored();
            }
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Subscribes to every change from now on, each exactly once and in order.</summary>
    /// <param name="capacity">Batches that may wait to be read; a slower subscriber is ended with <c>WatcherTooSlow</c>.</param>
    /// <param name="from">Index of the state before the first change.</param>
    public StateSubscription Subscribe(int capacity, out ulong from)
    {
        var subscription = new StateSubscription(this, capacity);
        from = Read(state =>
        {
            Add(subscription);
            return state.Index;
        });
        return subscription;
    }

    /// <summary>A signal for changes that <paramref name="concerns"/> accepts. Any number of changes count as one.</summary>
    public ChangeSignal Watch(Func<ChangedObject, bool> concerns)
    {
        var signal = new ChangeSignal(this, concerns);
        Add(signal);
        return signal;
    }

    public void Add(IStateObserver observer)
    {
        lock (_observerGate)
        {
            Volatile.Write(ref _observers, [.. _observers, observer]);
        }
    }

    public void Remove(IStateObserver observer)
    {
        lock (_observerGate)
        {
            Volatile.Write(ref _observers, [.. _observers.Where(o => !ReferenceEquals(o, observer))]);
        }
    }

    /// <summary>Closes the state of a manager that has stopped. After the present readers have returned, every read throws.</summary>
    public void Close()
    {
        _lock.EnterWriteLock();
        _closed = true;
        _lock.ExitWriteLock();
    }
}
