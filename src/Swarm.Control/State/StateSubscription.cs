using System.Threading.Channels;
using Swarm.Core.Errors;
using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>The changes of a batch.</summary>
public sealed record AppliedChanges(ulong Index, IReadOnlyList<ChangedObject> Changes);

/// <summary>A bounded stream of applied batches. Dispose it to stop watching.</summary>
public sealed class StateSubscription : IStateObserver, IDisposable
{
    private readonly StateStore _store;
    private readonly Channel<AppliedChanges> _channel;

    internal StateSubscription(StateStore store, int capacity)
    {
        _store = store;
        _channel = Channel.CreateBounded<AppliedChanges>(
            new BoundedChannelOptions(capacity) { SingleWriter = true, FullMode = BoundedChannelFullMode.Wait }
        );
    }

    /// <summary>The batches, as they are applied.</summary>
    /// <exception cref="SwarmException">WatcherTooSlow, StateRestored.</exception>
    public IAsyncEnumerable<AppliedChanges> ReadAllAsync(CancellationToken cancellation) => _channel.Reader.ReadAllAsync(cancellation);

    void IStateObserver.OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        if (!_channel.Writer.TryWrite(new AppliedChanges(index, changes)))
        {
            End(
                new SwarmException(
                    SwarmErrorKind.ResourceExhausted,
                    "WatcherTooSlow",
                    "The watcher does not read its events fast enough and was dropped; events were lost.",
                    action: "Watch again; read what exists first, then follow the events."
                )
            );
        }
    }

    void IStateObserver.OnRestored() =>
        End(
            new SwarmException(
                SwarmErrorKind.Unavailable,
                "StateRestored",
                "This manager took over a snapshot of the state; single events before it are not known here.",
                action: "Watch again; read what exists first, then follow the events."
            )
        );

    public void Dispose()
    {
        _store.Remove(this);
        _channel.Writer.TryComplete();
    }

    private void End(SwarmException why)
    {
        _channel.Writer.TryComplete(why);
        _store.Remove(this);
    }
}
