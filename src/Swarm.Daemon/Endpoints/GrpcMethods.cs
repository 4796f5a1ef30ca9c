using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Swarm.Daemon.Endpoints;

/// <summary>Registers the methods of a gRPC service, each with types that are known at compile time.</summary>
/// <remarks>
/// gRPC's own way uses protoc's BindService, a generic virtual method for each call. The native compiler cannot foresee these calls. They
/// were resolved at every start, which took a third of it.
/// </remarks>
/// <param name="service">Full name, as in the .proto file.</param>
/// <param name="context">Receives the methods for gRPC.</param>
internal sealed class GrpcMethods<[DynamicallyAccessedMembers(GrpcServices.Members)] TService>(
    string service,
    ServiceMethodProviderContext<TService> context
)
    where TService : class
{
    public void Unary<TRequest, TResponse>(
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response,
        UnaryServerMethod<TRequest, TResponse> handler
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        context.AddUnaryMethod(Method(MethodType.Unary, name, request, response), Metadata(), (_, message, call) => handler(message, call));

    public void ServerStreaming<TRequest, TResponse>(
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response,
        ServerStreamingServerMethod<TRequest, TResponse> handler
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        context.AddServerStreamingMethod(
            Method(MethodType.ServerStreaming, name, request, response),
            Metadata(),
            (_, message, responses, call) => handler(message, responses, call)
        );

    public void DuplexStreaming<TRequest, TResponse>(
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response,
        DuplexStreamingServerMethod<TRequest, TResponse> handler
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        context.AddDuplexStreamingMethod(
            Method(MethodType.DuplexStreaming, name, request, response),
            Metadata(),
            (_, requests, responses, call) => handler(requests, responses, call)
        );

    private Method<TRequest, TResponse> Method<TRequest, TResponse>(
        MethodType type,
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(type, service, name, Marshaller(request), Marshaller(response));

    /// <summary>The same as protoc's: the message is not copied in between.</summary>
    private static Marshaller<T> Marshaller<T>(MessageParser<T> parser)
        where T : class, IMessage<T> =>
        Marshallers.Create<T>(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence())
        );

    /// <summary>The metadata that gRPC's own binding adds as well: routes accept POST only.</summary>
    private static List<object> Metadata() => [new HttpMethodMetadata(["POST"], acceptCorsPreflight: true)];
}
