using System.Text;
using Grpc.Core;
using Swarm.Core.Errors;

namespace Swarm.Wire.Errors;

/// <summary>Converts errors to gRPC statuses, with the trailers that control.proto names. <see cref="GrpcErrors"/> reads them.</summary>
public static class RefusalStatus
{
    /// <summary>The status of an error.</summary>
    public static RpcException ToRpcException(SwarmException e)
    {
        var trailers = new Metadata { { "swarm-error-id", e.ErrorId } };
        Add(trailers, "swarm-target", e.Target);
        Add(trailers, "swarm-action", e.Action);
        return new RpcException(new Status(CodeOf(e.Kind), e.Message), trailers);
    }

    private static void Add(Metadata trailers, string name, string value)
    {
        if (value.Length == 0)
        {
            return;
        }
        // Trailers end up in headers of a limited size.
        var text = value.Length > 1024 ? value[..1024] : value;
        trailers.Add(name + "-bin", Encoding.UTF8.GetBytes(text));
        if (text.All(c => c is >= ' ' and < '\x7f'))
        {
            trailers.Add(name, text);
        }
    }

    private static StatusCode CodeOf(SwarmErrorKind kind) =>
        kind switch
        {
            SwarmErrorKind.InvalidArgument => StatusCode.InvalidArgument,
            SwarmErrorKind.NotFound => StatusCode.NotFound,
            SwarmErrorKind.AlreadyExists => StatusCode.AlreadyExists,
            SwarmErrorKind.PermissionDenied => StatusCode.PermissionDenied,
            SwarmErrorKind.FailedPrecondition => StatusCode.FailedPrecondition,
            SwarmErrorKind.Unavailable => StatusCode.Unavailable,
            SwarmErrorKind.ResourceExhausted => StatusCode.ResourceExhausted,
            SwarmErrorKind.NotSupported => StatusCode.Unimplemented,
            _ => StatusCode.Internal,
        };
}
