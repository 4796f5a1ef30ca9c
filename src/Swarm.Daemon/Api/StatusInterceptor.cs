using System.Text;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Swarm.Daemon.Consensus;
using Swarm.Daemon.Manager;

namespace Swarm.Daemon.Api;

/// <summary>Turns refusals into gRPC statuses with the trailers that control.proto names. Nothing else ever leaves the daemon: no stack trace, no internals.</summary>
public sealed partial class StatusInterceptor(ILogger<StatusInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        try
        {
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    /// <summary>The status of a refusal.</summary>
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

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        switch (e)
        {
            case SwarmException refusal:
                if (refusal.Kind == SwarmErrorKind.Internal)
                {
                    LogFault(e, context.Method);
                }
                return ToRpcException(refusal);
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(new Status(StatusCode.Cancelled, "The caller ended the call."));
            case OperationCanceledException:
                return ToRpcException(
                    new SwarmException(
                        SwarmErrorKind.Unavailable,
                        "ShuttingDown",
                        "This swarmd is stopping, or leaving its swarm.",
                        action: "Retry when it is back."
                    )
                );
            case ReplicatedLogException log:
                return ToRpcException(OfLog(log));
            default:
                var id = Guid.NewGuid().ToString("n")[..12];
                LogUnexpectedFault(e, context.Method, id);
                return ToRpcException(
                    new SwarmException(
                        SwarmErrorKind.Internal,
                        "InternalError",
                        $"swarmd met an unexpected fault (id {id}).",
                        id,
                        $"swarmd's log on the node that answered has the details under id {id}."
                    )
                );
        }
    }

    /// <summary>Failures of the log outside the leader's loop, such as a state directory that cannot be opened.</summary>
    private static SwarmException OfLog(ReplicatedLogException log) =>
        log.Error switch
        {
            ReplicatedLogError.Corrupted or ReplicatedLogError.UnknownFormat => new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "StateDirectoryDamaged",
                log.Message
            ),
            ReplicatedLogError.Locked => new SwarmException(SwarmErrorKind.FailedPrecondition, "SwarmLocked", log.Message),
            ReplicatedLogError.WrongKey => new SwarmException(SwarmErrorKind.PermissionDenied, "InvalidUnlockKey", log.Message),
            _ => LeaderErrors.From(log, null),
        };

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected fault in {Method} (id {Id}).")]
    private partial void LogUnexpectedFault(Exception exception, string method, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected fault in {Method}.")]
    private partial void LogFault(Exception exception, string method);
}
