using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.State;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Makes known the addresses that the swarm's state has of its nodes. After a restart of swarmd their handshakes have the members' places from
/// the first one.</summary>
internal sealed class MemberAddresses : IStateObserver
{
    private readonly StateStore _store;
    private readonly KnownAddresses _known;

    private MemberAddresses(StateStore store, KnownAddresses known) => (_store, _known) = (store, known);

    /// <summary>Reads the state, and follows it from now on.</summary>
    public static void Follow(StateStore store, KnownAddresses known)
    {
        var following = new MemberAddresses(store, known);
        store.Add(following);
        following.ReadAll();
    }

    public void OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        foreach (var change in changes)
        {
            if (change is ChangedObject.OfNode { After: { } node } seen && seen.Before?.Status.Address != node.Status.Address)
            {
                _known.SetNode(node.Id, node.Status.Address);
            }
            else if (change is ChangedObject.OfNode { Before: { } gone, After: null })
            {
                _known.SetNode(gone.Id, null);
            }
        }
    }

    // Not on this thread: the state is being changed.
    public void OnRestored() => ThreadPool.UnsafeQueueUserWorkItem(static m => m.ReadAll(), this, preferLocal: false);

    private void ReadAll()
    {
        try
        {
            // While it is read, nothing newer is applied.
            _store.Read(state =>
            {
                _known.SetNodes(state.Nodes.Select(static n => (n.Id, n.Status.Address)));
                return state.Index;
            });
        }
        catch (SwarmException)
        {
            // The manager has stopped since.
        }
    }
}
