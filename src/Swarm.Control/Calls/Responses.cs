using Grpc.Core;

namespace Swarm.Control.Calls;

/// <summary>Sends the messages of a stream.</summary>
public static class Responses
{
    /// <summary>Sends one message. A call that ends for a reason of ours is not cut off in the middle of one: it ends with a status.</summary>
    public static Task SendAsync<T>(this IServerStreamWriter<T> responses, T message, ServerCallContext call) =>
        responses.WriteAsync(message, EndingCall.CallerOf(call));
}
