using System.Text;
using Grpc.Core;
using Swarm.Core.Errors;

namespace Swarm.Wire.Errors;

/// <summary>Reads the errors of another swarmd: the reverse of <c>StatusInterceptor</c>.</summary>
public static class GrpcErrors
{
    /// <summary>The reason for a peer that does not answer packets.</summary>
    public const string NoAnswer = "no answer in time";

    /// <summary>The error that another swarmd sent, or null when the error is the transport's.</summary>
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

    /// <summary>The innermost reason of a transport's failure: "Connection refused" instead of gRPC's wrapping of it.</summary>
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
        // A connection that is not established within the handler's time ends as a cancellation: a firewall drops packets.
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
