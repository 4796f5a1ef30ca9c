using System.Text;
using Grpc.Core;
using Swarm.Core.Errors;

namespace Swarm.Wire.Errors;

/// <summary>Reads what another swarmd refused: the reverse of <c>StatusInterceptor</c>.</summary>
public static class GrpcErrors
{
    /// <summary>What is told of packets that come to nothing.</summary>
    public const string NoAnswer = "no answer in time";

    /// <summary>The refusal another swarmd sent, or null when the error is the transport's.</summary>
    public static SwarmException? ToSwarmException(RpcException error)
    {
        if (error.Trailers.GetValue("swarm-error-id") is not { } id)
        {
            return null;
        }
        return new SwarmException(
            KindOf(error.StatusCode),
            id,
            error.Status.Detail,
            Text(error.Trailers, "swarm-target"),
            Text(error.Trailers, "swarm-action"),
            error
        );
    }

    /// <summary>What a transport's failure comes down to: "Connection refused", not gRPC's wrapping of it.</summary>
    public static string Reason(RpcException error)
    {
        if (error.StatusCode == StatusCode.DeadlineExceeded)
        {
            return NoAnswer;
        }
        Exception? inner = error.Status.DebugException;
        while (inner?.InnerException is { } deeper)
        {
            inner = deeper;
        }
        // A connection that does not come up within the handler's time ends as a cancellation of its own: a firewall that drops.
        return inner is OperationCanceledException or TimeoutException ? NoAnswer : inner?.Message ?? error.Status.Detail;
    }

    private static string Text(Metadata trailers, string name) =>
        trailers.GetValueBytes(name + "-bin") is { } bytes ? Encoding.UTF8.GetString(bytes) : trailers.GetValue(name) ?? "";

    private static SwarmErrorKind KindOf(StatusCode status) =>
        status switch
        {
            StatusCode.InvalidArgument => SwarmErrorKind.InvalidArgument,
            StatusCode.NotFound => SwarmErrorKind.NotFound,
            StatusCode.AlreadyExists => SwarmErrorKind.AlreadyExists,
            StatusCode.PermissionDenied => SwarmErrorKind.PermissionDenied,
            StatusCode.FailedPrecondition => SwarmErrorKind.FailedPrecondition,
            StatusCode.Unavailable => SwarmErrorKind.Unavailable,
            StatusCode.ResourceExhausted => SwarmErrorKind.ResourceExhausted,
            StatusCode.Unimplemented => SwarmErrorKind.NotSupported,
            _ => SwarmErrorKind.Internal,
        };
}
