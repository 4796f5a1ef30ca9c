namespace Swarm.DockerSwarm.Writes;

/// <summary>The request that took this engine into its swarm, or may have. Its retry is answered from the present state instead of refused
/// as a second one.</summary>
/// <remarks>Only the last one is kept: an engine that was outside when it was sent was not taken in by an earlier one. In memory only, as
/// <see cref="UnknownOutcomes"/>.</remarks>
internal sealed class SwarmEntry(TimeProvider time)
{
    private readonly Lock _gate = new();
    private string _requestId = "";
    private long _at;

    public void Set(string requestId)
    {
        lock (_gate)
        {
            _requestId = requestId;
            _at = time.GetTimestamp();
        }
    }

    /// <summary>Removes a request that the engine refused.</summary>
    public void Remove(string requestId)
    {
        lock (_gate)
        {
            if (_requestId == requestId)
            {
                _requestId = "";
            }
        }
    }

    public bool IsBy(string requestId)
    {
        lock (_gate)
        {
            return requestId.Length > 0 && _requestId == requestId && time.GetElapsedTime(_at) <= UnknownOutcomes.Kept;
        }
    }
}
