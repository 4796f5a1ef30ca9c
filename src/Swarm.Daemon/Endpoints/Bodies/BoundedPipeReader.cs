using System.IO.Pipelines;

namespace Swarm.Daemon.Endpoints.Bodies;

/// <summary>Passes on what a peer sends, up to a number of bytes.</summary>
/// <param name="inner">Reads from the peer.</param>
/// <param name="most">Bytes, read or still in the buffer.</param>
/// <param name="exceeded">Called when there are more. It may throw.</param>
internal sealed class BoundedPipeReader(PipeReader inner, long most, Action exceeded) : MeteredPipeReader(inner)
{
    private long _consumed;

    protected override void OnReceived(long bytes)
    {
        if (_consumed + bytes > most)
        {
            exceeded();
        }
    }

    protected override void OnConsumed(long bytes) => _consumed += bytes;
}
