using System.Collections.Concurrent;

namespace Swarm.DockerSwarm.Writes;

/// <summary>Requests that were sent to the engine, as long as they may be retried. The answer may be lost on its way here, or on to the
/// caller.</summary>
/// <remarks>In memory only, as <see cref="UnknownOutcomes"/>.</remarks>
internal sealed class SentRequests<T>(TimeProvider time)
    where T : class
{
    private readonly ConcurrentDictionary<string, (T Asked, long At)> _sent = new(StringComparer.Ordinal);

    /// <param name="requestId">Empty: the request is not retried.</param>
    /// <param name="asked">Replaces the earlier value.</param>
    public void Add(string requestId, T asked)
    {
        var now = time.GetTimestamp();
        foreach (var (id, sent) in _sent)
        {
            if (time.GetElapsedTime(sent.At, now) > UnknownOutcomes.Kept)
            {
                _sent.TryRemove(id, out _);
            }
        }
        if (requestId.Length > 0)
        {
            _sent[requestId] = (asked, now);
        }
    }

    /// <summary>Removes a request that the engine refused.</summary>
    public void Remove(string requestId) => _sent.TryRemove(requestId, out _);

    public T? Find(string requestId) =>
        _sent.TryGetValue(requestId, out var sent) && time.GetElapsedTime(sent.At) <= UnknownOutcomes.Kept ? sent.Asked : null;
}
