using Grpc.Core;
using Grpc.Core.Interceptors;
using Swarm.Consensus.Errors;
using Swarm.Core.Errors;
using Swarm.Manager.Leader;
using Swarm.Storage;
using Swarm.Wire.Errors;

namespace Swarm.Daemon.Endpoints;

/// <summary>Converts errors to gRPC statuses with the trailers that control.proto names. Stack traces and other internals never leave the
/// daemon.</summary>
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
            return await continuation(request, context);
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
            await continuation(request, responseStream, context);
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
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        switch (e)
        {
            case SwarmException refusal:
                if (refusal.Kind == SwarmErrorKind.Internal)
                {
                    LogFault(e, context.Method);
                }
                return RefusalStatus.ToRpcException(refusal);
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(new Status(StatusCode.Cancelled, "The caller ended the call."));
            case OperationCanceledException:
                return RefusalStatus.ToRpcException(
                    new SwarmException(
                        SwarmErrorKind.Unavailable,
                        "ShuttingDown",
                        "This swarmd is stopping, or leaving its swarm.",
                        action: "Retry when it is back."
                    )
                );
            case ReplicatedLogException log:
                return RefusalStatus.ToRpcException(OfLog(log));
            case DataKeyException key:
                return RefusalStatus.ToRpcException(OfKey(key));
            default:
                var id = Guid.NewGuid().ToString("n")[..12];
                LogUnexpectedFault(e, context.Method, id);
                return RefusalStatus.ToRpcException(
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
            ReplicatedLogError.WrongKey => new SwarmException(SwarmErrorKind.PermissionDenied, "InvalidUnlockKey", log.Message),
            _ => LogErrors.From(log, null),
        };

    private static SwarmException OfKey(DataKeyException key) =>
        key.Error switch
        {
            DataKeyError.Locked => new SwarmException(SwarmErrorKind.FailedPrecondition, "SwarmLocked", key.Message),
            DataKeyError.WrongKey => new SwarmException(SwarmErrorKind.PermissionDenied, "InvalidUnlockKey", key.Message),
            _ => new SwarmException(SwarmErrorKind.FailedPrecondition, "StateDirectoryDamaged", key.Message),
        };

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected fault in {Method} (id {Id}).")]
    private partial void LogUnexpectedFault(Exception exception, string method, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected fault in {Method}.")]
    private partial void LogFault(Exception exception, string method);
}
