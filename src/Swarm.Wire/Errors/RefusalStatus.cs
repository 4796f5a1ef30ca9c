using System.Text;
using Grpc.Core;
using Swarm.Core.Errors;

namespace Swarm.Wire.Errors;

/// <summary>Converts errors to gRPC statuses, with the trailers that control.proto names. <see cref="GrpcErrors"/> reads them.</summary>
public static class RefusalStatus
{
    /// <summary>Characters of a status message. In headers each takes up to 9 bytes, and clients accept 64 KB of headers.</summary>
    public const int LongestMessage = 2048;

    /// <summary>Characters of a target, and of an action.</summary>
    private const int LongestPart = 1024;

    /// <summary>The status of an error. Headers have a limited size: what is longer is cut.</summary>
    public static RpcException ToRpcException(SwarmException e)
    {
        var trailers = new Metadata { { "swarm-error-id", e.ErrorId } };
        Add(trailers, "swarm-target", e.Target);
        Add(trailers, "swarm-action", e.Action);
        return new RpcException(new Status(CodeOf(e.Kind), Cut(e.Message, LongestMessage)), trailers);
    }

    private static void Add(Metadata trailers, string name, string value)
    {
        if (value.Length == 0)
        {
            return;
        }
        var text = Cut(value, LongestPart);
        trailers.Add(name + "-bin", Encoding.UTF8.GetBytes(text));
        if (text.All(c => c is >= ' ' and < '\x7f'))
        {
            trailers.Add(name, text);
        }
    }

    private static string Cut(string text, int most)
    {
        if (text.Length <= most)
        {
            return text;
        }
        // Both halves of a surrogate pair, or none.
        var end = char.IsHighSurrogate(text[most - 2]) ? most - 2 : most - 1;
        return text[..end] + "…";
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
