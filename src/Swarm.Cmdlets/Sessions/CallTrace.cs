using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Swarm.Cmdlets.Sessions;

/// <summary>Tells the command that makes a call of it: endpoint, call and duration with -Verbose, the request with -Debug.</summary>
/// <param name="endpoint">The socket, or the managers.</param>
/// <param name="time">Measures the durations.</param>
internal sealed class CallTrace(string endpoint, TimeProvider time) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation
    )
    {
        var traced = Begin(request, context.Method);
        var call = continuation(request, context);
        if (traced is null)
        {
            return call;
        }
        return new AsyncUnaryCall<TResponse>(
            traced.FollowAsync(call.ResponseAsync),
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose
        );
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation
    )
    {
        var traced = Begin(request, context.Method);
        var call = continuation(request, context);
        if (traced is null)
        {
            return call;
        }
        return new AsyncServerStreamingCall<TResponse>(
            new TracedStream<TResponse>(call.ResponseStream, traced),
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            () =>
            {
                // The command wants no more.
                call.Dispose();
                traced.End(", ended early");
            }
        );
    }

    /// <summary>Null: nobody asks.</summary>
    private TracedCall? Begin<TRequest>(TRequest request, IMethod method)
        where TRequest : class => CallObserver.Current is { } observer ? new(observer, endpoint, method, request, time) : null;
}
