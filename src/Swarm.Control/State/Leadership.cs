using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Core.State;

namespace Swarm.Control.State;

public static class Leadership
{
    /// <summary>Returns once this manager is the leader.</summary>
    /// <exception cref="SwarmException">NoLeader: another manager leads, or none does within the time. StorageFull.</exception>
    public static async Task WaitAsync(ILeadership log, TimeSpan within, TimeProvider time, CancellationToken cancellation)
    {
        if (log.IsLeader)
        {
            return;
        }
        if (log.IsStorageFull)
        {
            // A full disk does not recover within a call's time.
            throw LeaderErrors.NotLeading(log);
        }
        var leads = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnChanged(bool now)
        {
            if (now)
            {
                leads.TrySetResult();
            }
        }
        log.LeadershipChanged += OnChanged;
        try
        {
            if (!log.IsLeader)
            {
                await leads.Task.WaitAsync(within, time, cancellation);
            }
        }
        catch (TimeoutException)
        {
            throw LeaderErrors.NotLeading(log);
        }
        finally
        {
            log.LeadershipChanged -= OnChanged;
        }
    }
}
