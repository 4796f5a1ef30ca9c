using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Planes;

namespace Swarm.Daemon.Endpoints;

/// <summary>Carries out the calls of one gRPC service, each with what answers it at that moment.</summary>
/// <typeparam name="TService">The base class that protoc generated for the service.</typeparam>
/// <param name="choose">Finds the implementation. Its refusals become statuses in <see cref="StatusInterceptor"/>.</param>
internal sealed class GrpcCalls<TService>(Func<CancellationToken, ValueTask<ControlAreas>> choose)
    where TService : class
{
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        UnaryServerMethod<TService, TRequest, TResponse> method,
        TRequest request,
        ServerCallContext context
    )
        where TRequest : class
        where TResponse : class
    {
        var areas = await choose(context.CancellationToken);
        return await method(areas.Get<TService>(), request, context);
    }

    public async Task ServerStreamingAsync<TRequest, TResponse>(
        ServerStreamingServerMethod<TService, TRequest, TResponse> method,
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context
    )
        where TRequest : class
        where TResponse : class
    {
        var areas = await choose(context.CancellationToken);
        if (areas.Endings.Count == 0)
        {
            await method(areas.Get<TService>(), request, responseStream, context);
            return;
        }
        using var any = CancellationTokenSource.CreateLinkedTokenSource([context.CancellationToken, .. areas.Endings]);
        await method(areas.Get<TService>(), request, responseStream, new EndingCall(context, any.Token));
    }

    public async Task DuplexStreamingAsync<TRequest, TResponse>(
        DuplexStreamingServerMethod<TService, TRequest, TResponse> method,
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context
    )
        where TRequest : class
        where TResponse : class
    {
        var areas = await choose(context.CancellationToken);
        await method(areas.Get<TService>(), requestStream, responseStream, context);
    }
}
