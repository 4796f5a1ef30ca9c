using Swarm.Control.State;
using Swarm.Core.Credentials;
using Swarm.Core.Errors;
using Swarm.Core.State;
using Swarm.Manager;
using Swarm.Security;

namespace Swarm.Daemon.Membership;

/// <summary>Ends the calls of administrators whose certificates are revoked, on every manager.</summary>
internal sealed class RevocationWatch : IStateObserver
{
    private readonly ClusterCredentials _credentials;

    private RevocationWatch(ClusterCredentials credentials) => _credentials = credentials;

    /// <summary>From now on the manager's state decides about administrators. Before it is read, and after the manager has stopped, none is
    /// accepted.</summary>
    public static void Follow(ManagerRuntime manager, ClusterCredentials credentials)
    {
        credentials.CannotJudge = () => manager.HasState ? null : PeerAuthorization.NotKnownYet();
        credentials.IsRevoked = c => Read(manager.State)?.IsRevoked(c.Name, c.SerialNumber, c.IssuedAt) ?? true;
        manager.State.Add(new RevocationWatch(credentials));
    }

    public void OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        if (changes.Any(static c => c is ChangedObject.OfCredentials))
        {
            OnRestored();
        }
    }

    // Not on this thread: the state is being changed, and the answer is in it.
    public void OnRestored() => ThreadPool.UnsafeQueueUserWorkItem(static c => c.EndRevoked(), _credentials, preferLocal: false);

    /// <summary>Null: the manager has stopped since. An error would end swarmd on a thread that nobody waits for.</summary>
    private static CredentialSet? Read(StateStore store)
    {
        try
        {
            return store.Read(static s => s.Credentials);
        }
        catch (SwarmException)
        {
            return null;
        }
    }
}
