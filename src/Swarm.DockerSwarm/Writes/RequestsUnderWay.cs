using System.Collections.Concurrent;

namespace Swarm.DockerSwarm.Writes;

/// <summary>Requests in progress: a retry in the meantime waits for the first, and gets its answer.</summary>
internal sealed class RequestsUnderWay<T>
{
    private readonly ConcurrentDictionary<string, Task<T>> _first = new(StringComparer.Ordinal);

    /// <param name="requestId">Empty: the request is not retried.</param>
    /// <param name="answer">Called for the first request.</param>
    /// <param name="cancellation">The caller has gone.</param>
    public async Task<T> RunAsync(string requestId, Func<Task<T>> answer, CancellationToken cancellation)
    {
        if (requestId.Length == 0)
        {
            return await answer();
        }
        var own = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        while (_first.GetOrAdd(requestId, own.Task) is var first && first != own.Task)
        {
            try
            {
                return await first.WaitAsync(cancellation);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // The first request's caller has gone, and the request ended with it: this one is the first now.
            }
        }
        try
        {
            var answered = await answer();
            _first.TryRemove(requestId, out _);
            own.SetResult(answered);
            return answered;
        }
        catch (Exception e)
        {
            _first.TryRemove(requestId, out _);
            own.SetException(e);
            // Perhaps nobody waits for it.
            _ = own.Task.Exception;
            throw;
        }
    }
}
