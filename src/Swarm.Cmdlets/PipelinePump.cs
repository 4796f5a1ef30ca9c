using System.Collections.Concurrent;

namespace Swarm.Cmdlets;

/// <summary>Runs async work and continues on the pipeline's thread after each await: only there WriteObject and the like are
/// allowed.</summary>
internal sealed class PipelinePump : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _queue = [];

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            _queue.Add((d, state));
        }
        catch (InvalidOperationException)
        {
            // The work has ended. A late continuation (a cancelled read) must not wait for a thread that no longer pumps.
            ThreadPool.QueueUserWorkItem(_ => d(state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public static void Run(Func<ValueTask> work)
    {
        var previous = Current;
        var pump = new PipelinePump();
        SetSynchronizationContext(pump);
        try
        {
            var task = work().AsTask();
            if (!task.IsCompleted)
            {
                task.ContinueWith(
                    _ => pump._queue.CompleteAdding(),
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default
                );
                foreach (var (callback, state) in pump._queue.GetConsumingEnumerable())
                {
                    callback(state);
                }
            }
            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(previous);
        }
    }
}
