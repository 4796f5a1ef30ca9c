namespace Swarm.DockerSwarm.Writes;

/// <summary>Which request took this engine into its swarm, or may have: its retry is answered from what is there, and not refused as a second one.</summary>
/// <remarks>The last one only: an engine that was outside when that was sent has not been taken in by any before it. In memory only, as
/// <see cref="UnknownOutcomes"/>.</remarks>
internal sealed class SwarmEntry(TimeProvider time)
{
    private readonly Lock _gate = new();
    private string _requestId = "";
    private DateTimeOffset _at;

    public void Set(string requestId)
    {
        lock (_gate)
        {
            _requestId = requestId;
            _at = time.GetUtcNow();
        }
    }

    /// <summary>It was refused: nothing came of it.</summary>
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
            return requestId.Length > 0 && _requestId == requestId && time.GetUtcNow() - _at <= UnknownOutcomes.Kept;
        }
    }
}
