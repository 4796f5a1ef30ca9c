using Grpc.Core;

namespace Swarm.Daemon.Tests.Manager;

/// <summary>The context of a call that is made without gRPC: it can be cancelled, and has nothing else.</summary>
internal sealed class DirectCall(CancellationToken cancellation) : ServerCallContext
{
    protected override string MethodCore => throw new NotSupportedException();
    protected override string HostCore => throw new NotSupportedException();
    protected override string PeerCore => throw new NotSupportedException();
    protected override DateTime DeadlineCore => DateTime.MaxValue;
    protected override Metadata RequestHeadersCore { get; } = [];
    protected override CancellationToken CancellationTokenCore => cancellation;
    protected override Metadata ResponseTrailersCore { get; } = [];
    protected override Status StatusCore { get; set; }
    protected override WriteOptions? WriteOptionsCore { get; set; }
    protected override AuthContext AuthContextCore => throw new NotSupportedException();

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => throw new NotSupportedException();
}
