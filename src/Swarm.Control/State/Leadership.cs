using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Core.State;

namespace Swarm.Control.State;

public static class Leadership
{
    /// <summary>Returns once this manager leads.</summary>
    /// <exception cref="SwarmException">NoLeader: another one leads, or nobody does within the time given. StorageFull.</exception>
    public static async Task WaitAsync(ILeadership log, TimeSpan within, TimeProvider time, CancellationToken cancellation)
    {
        if (log.IsLeader)
        {
            return;
        }
        if (log.IsStorageFull)
        {
            // That does not pass within a call's time.
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
                await leads.Task.WaitAsync(within, time, cancellation).ConfigureAwait(false);
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
