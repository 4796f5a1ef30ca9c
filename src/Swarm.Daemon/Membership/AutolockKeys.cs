using Swarm.Core.Model;
using Swarm.Storage;

namespace Swarm.Daemon.Membership;

/// <summary>Adapts the key file on disk to the swarm's state: encrypted with its unlock key, or plain.</summary>
internal static class AutolockKeys
{
    /// <summary>Call it after each change of the unlock key, and at a start, since a crash may come between the two.</summary>
    public static void Reconcile(DataKeyStore keys, Cluster? cluster)
    {
        if (cluster is null)
        {
            return;
        }
        if (cluster.UnlockKey.Length > 0)
        {
            if (!IsWrappedWith(keys, cluster.UnlockKey))
            {
                keys.Lock(cluster.UnlockKey);
            }
        }
        else if (keys.IsWrapped)
        {
            keys.RemoveLock();
        }
    }

    private static bool IsWrappedWith(DataKeyStore keys, string unlockKey)
    {
        if (!keys.IsWrapped)
        {
            return false;
        }
        try
        {
            keys.Unlock(unlockKey);
            return true;
        }
        catch (DataKeyException e) when (e.Error == DataKeyError.WrongKey)
        {
            return false;
        }
    }
}
