using Grpc.Core;

namespace Swarm.Control.Calls;

/// <summary>A call that ends with its caller and for reasons of our own as well: this node leaves its swarm, or swarmd stops.</summary>
/// <param name="call">As gRPC has it.</param>
/// <param name="ending">Cancelled for either reason.</param>
public sealed class EndingCall(ServerCallContext call, CancellationToken ending) : ServerCallContext
{
    /// <summary>Cancelled by the caller only.</summary>
    public CancellationToken Caller => CallerOf(call);

    protected override string MethodCore => call.Method;

    protected override string HostCore => call.Host;

    protected override string PeerCore => call.Peer;

    protected override DateTime DeadlineCore => call.Deadline;

    protected override Metadata RequestHeadersCore => call.RequestHeaders;

    protected override CancellationToken CancellationTokenCore => ending;

    protected override Metadata ResponseTrailersCore => call.ResponseTrailers;

    protected override Status StatusCore
    {
        get => call.Status;
        set => call.Status = value;
    }

    protected override WriteOptions? WriteOptionsCore
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    protected override AuthContext AuthContextCore => call.AuthContext;

    protected override IDictionary<object, object> UserStateCore => call.UserState;

    /// <summary>The token that only the caller of a call cancels.</summary>
    public static CancellationToken CallerOf(ServerCallContext call) => call is EndingCall ending ? ending.Caller : call.CancellationToken;

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        call.CreatePropagationToken(options);

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => call.WriteResponseHeadersAsync(responseHeaders);
}
