using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Swarm.Daemon.Endpoints.Admission;

namespace Swarm.Daemon.Endpoints;

/// <summary>Takes up the methods of a gRPC service, each with types that are known when swarmd is compiled. <c>GrpcMethodLists</c> has the lists; the
/// compiler writes them from the .proto files (tools/Swarm.GrpcBinding).</summary>
/// <param name="context">Where gRPC takes them from.</param>
/// <param name="calls">Carries out their calls.</param>
internal sealed class GrpcMethods<TService>(ServiceMethodProviderContext<GrpcApi> context, GrpcCalls<TService> calls)
    where TService : class
{
    /// <summary>Of every .proto file.</summary>
    private const string Package = "swarm.v1.";

    public void Unary<TRequest, TResponse>(
        string service,
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response,
        UnaryServerMethod<TService, TRequest, TResponse> method
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        context.AddUnaryMethod(
            Method(MethodType.Unary, service, name, request, response),
            Metadata(),
            (_, message, call) => calls.UnaryAsync(method, message, call)
        );

    public void ServerStreaming<TRequest, TResponse>(
        string service,
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response,
        ServerStreamingServerMethod<TService, TRequest, TResponse> method
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        context.AddServerStreamingMethod(
            Method(MethodType.ServerStreaming, service, name, request, response),
            Metadata(),
            (_, message, responses, call) => calls.ServerStreamingAsync(method, message, responses, call)
        );

    public void DuplexStreaming<TRequest, TResponse>(
        string service,
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response,
        DuplexStreamingServerMethod<TService, TRequest, TResponse> method
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        context.AddDuplexStreamingMethod(
            Method(MethodType.DuplexStreaming, service, name, request, response),
            Metadata(),
            (_, requests, responses, call) => calls.DuplexStreamingAsync(method, requests, responses, call)
        );

    private static Method<TRequest, TResponse> Method<TRequest, TResponse>(
        MethodType type,
        string service,
        string name,
        MessageParser<TRequest> request,
        MessageParser<TResponse> response
    )
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(type, Package + service, name, Marshaller(request), Marshaller(response));

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
            context =>
            {
                try
                {
                    return parser.ParseFrom(context.PayloadAsReadOnlySequence());
                }
                catch (InvalidProtocolBufferException)
                {
                    // As a status of gRPC: any other exception would be this swarmd's fault, here and in the log.
                    throw MalformedCalls.Refusal("it is not in the form of its type");
                }
            }
        );

    /// <summary>The metadata that gRPC's own binding adds as well: routes accept POST only.</summary>
    private static List<object> Metadata() => [new HttpMethodMetadata(["POST"], acceptCorsPreflight: true)];
}
