using Grpc.Core;

namespace Swarm.Control.Calls;

/// <summary>A stream whose messages are completed on their way.</summary>
/// <param name="responses">Takes the completed messages.</param>
/// <param name="complete">Returns what is sent.</param>
public sealed class CompletedResponses<T>(IServerStreamWriter<T> responses, Func<T, T> complete) : IServerStreamWriter<T>
{
    public WriteOptions? WriteOptions
    {
        get => responses.WriteOptions;
        set => responses.WriteOptions = value;
    }

    public Task WriteAsync(T message) => responses.WriteAsync(complete(message));

    public Task WriteAsync(T message, CancellationToken cancellationToken) => responses.WriteAsync(complete(message), cancellationToken);
}
