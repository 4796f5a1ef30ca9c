using Swarm.Control.State;
using Swarm.Core.State;
using Swarm.Security;

namespace Swarm.Daemon.Membership;

/// <summary>Ends the calls of administrators whose certificates are revoked, on every manager.</summary>
internal sealed class RevocationWatch(ClusterCredentials credentials) : IStateObserver
{
    public void OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        if (changes.Any(static c => c is ChangedObject.OfCredentials))
        {
            OnRestored();
        }
    }

    // Not on this thread: the state is being changed, and the answer is in it.
    public void OnRestored() => ThreadPool.UnsafeQueueUserWorkItem(static c => c.EndRevoked(), credentials, preferLocal: false);
}
