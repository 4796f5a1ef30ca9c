using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Swarm.Cmdlets.Errors;

namespace Swarm.Cmdlets.Sessions;

/// <summary>Repeats a change with the same request id when the swarm has no leader for the moment, or when the outcome is unknown. The
/// manager
/// answers a repetition from the record of the first request, so the change is made only once.</summary>
/// <remarks>Calls without a request id (calls that only read) and calls to a daemon that does not run are not repeated.</remarks>
internal sealed class ChangeRetry(TimeProvider time) : Interceptor
{
    /// <summary>The period of repetitions after the first failure: an election takes a second or two.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private enum Failure
    {
        Final,
        NotConnected,
        NoLeader,
        OutcomeUnknown,
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation
    )
    {
        var first = continuation(request, context);
        return HasRequestId(request)
            ? new AsyncUnaryCall<TResponse>(
                RepeatAsync(first, () => continuation(request, context), context.Options.CancellationToken),
                first.ResponseHeadersAsync,
                first.GetStatus,
                first.GetTrailers,
                first.Dispose
            )
            : first;
    }

    private async Task<TResponse> RepeatAsync<TResponse>(
        AsyncUnaryCall<TResponse> call,
        Func<AsyncUnaryCall<TResponse>> again,
        CancellationToken cancellationToken
    )
    {
        long? began = null;
        var unknown = false;
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                return await call.ResponseAsync;
            }
            catch (RpcException e) when (FailureOf(e) is var failure && Repeats(failure, began))
            {
                unknown |= failure == Failure.OutcomeUnknown;
                began ??= time.GetTimestamp();
                if (time.GetElapsedTime(began.Value) + delay > Limit)
                {
                    throw unknown ? OutcomeUnknown(e) : e;
                }
            }
            call.Dispose();
            await AsyncTask.Delay(delay, time, cancellationToken);
            call = again();
        }
    }

    // A daemon that answered a moment ago may be back soon; an absent one is reported at once.
    private static bool Repeats(Failure failure, long? began) =>
        failure is Failure.NoLeader or Failure.OutcomeUnknown || (failure == Failure.NotConnected && began is not null);

    private static Failure FailureOf(RpcException e) =>
        ErrorMapper.IdOf(e) switch
        {
            "OutcomeUnknown" => Failure.OutcomeUnknown,
            // A manager that names the leader will not become leader in a moment.
            "NoLeader" when ErrorMapper.TargetOf(e).Length == 0 => Failure.NoLeader,
            "DaemonUnavailable" when e.Status.DebugException is null => Failure.Final,
            "DaemonUnavailable" => IsConnecting(e.Status.DebugException) ? Failure.NotConnected : Failure.OutcomeUnknown,
            _ => Failure.Final,
        };

    // Nothing was sent. Any other break of the connection may have come after the request.
    private static bool IsConnecting(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (
                e
                is HttpRequestException
                    {
                        HttpRequestError: HttpRequestError.ConnectionError
                            or HttpRequestError.NameResolutionError
                            or HttpRequestError.SecureConnectionError
                    }
                    or SocketException
                    {
                        SocketErrorCode: SocketError.ConnectionRefused or SocketError.AddressNotAvailable or SocketError.HostNotFound
                    }
            )
            {
                return true;
            }
        }
        return false;
    }

    private static RpcException OutcomeUnknown(RpcException last) =>
        new(
            new Status(
                StatusCode.Unavailable,
                "The swarm stopped answering during the change; the outcome is unknown.",
                last.Status.DebugException
            ),
            new Metadata
            {
                { ErrorMapper.IdKey, "OutcomeUnknown" },
                { ErrorMapper.ActionKey, "Check whether the change was made before you repeat it." },
            }
        );

    private static bool HasRequestId<TRequest>(TRequest request) =>
        request is IMessage message
        && message.Descriptor.FindFieldByName("request_id") is { } field
        && field.Accessor.GetValue(message) is string { Length: > 0 };
}
