using System.IO.Pipelines;
using Swarm.Daemon.Endpoints.Bodies;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>A connection whose peer may send a number of bytes and no more.</summary>
/// <param name="inner">The connection.</param>
/// <param name="most">Bytes.</param>
/// <param name="exceeded">Called when the peer sends more.</param>
internal sealed class BoundedTransport(IDuplexPipe inner, long most, Action exceeded) : IDuplexPipe
{
    public PipeReader Input { get; } = new BoundedPipeReader(inner.Input, most, exceeded);

    public PipeWriter Output => inner.Output;
}
