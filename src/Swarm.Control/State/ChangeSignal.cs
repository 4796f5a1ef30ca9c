using System.Threading.Channels;
using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>Signals that something changed, for readers that look at the state again. However slow its reader, it holds a single
/// flag.</summary>
public sealed class ChangeSignal(StateStore store, Func<ChangedObject, bool> concerns) : IStateObserver, IDisposable
{
    private readonly Channel<bool> _flag = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    /// <summary>Returns at the first change since the last call.</summary>
    public async Task WaitAsync(CancellationToken cancellation) => await _flag.Reader.ReadAsync(cancellation);

    public void Set() => _flag.Writer.TryWrite(true);

    void IStateObserver.OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        foreach (var change in changes)
        {
            if (concerns(change))
            {
                Set();
                return;
            }
        }
    }

    void IStateObserver.OnRestored() => Set();

    public void Dispose() => store.Remove(this);
}
