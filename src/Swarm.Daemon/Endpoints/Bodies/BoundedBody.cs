using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Swarm.Daemon.Endpoints.Bodies;

/// <summary>The body of a request that may have a number of bytes and no more.</summary>
internal sealed class BoundedBody(PipeReader reader) : IRequestBodyPipeFeature
{
    public PipeReader Reader => reader;
}
