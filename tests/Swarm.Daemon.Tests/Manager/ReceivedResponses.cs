using Grpc.Core;

namespace Swarm.Daemon.Tests.Manager;

/// <summary>The messages that a call without gRPC sends.</summary>
internal sealed class ReceivedResponses<T>(Action<T>? received = null) : IServerStreamWriter<T>
{
    public List<T> All { get; } = [];

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message, CancellationToken cancellationToken) => WriteAsync(message);

    public Task WriteAsync(T message)
    {
        All.Add(message);
        received?.Invoke(message);
        return Task.CompletedTask;
    }
}
