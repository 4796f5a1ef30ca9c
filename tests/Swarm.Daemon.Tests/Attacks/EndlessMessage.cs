using System.Buffers.Binary;
using System.Net;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>The body of a call: a message that is announced, of which a part is sent, and whose end never comes.</summary>
/// <param name="announced">The bytes that the message is to have.</param>
/// <param name="sent">The bytes that are sent; the bound of the load.</param>
internal sealed class EndlessMessage(int announced, int sent) : HttpContent
{
    private static readonly byte[] Chunk = new byte[16 * 1024];

    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when all that will be sent has been sent.</summary>
    public Task Sent => _sent.Task;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var head = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), announced);
        await stream.WriteAsync(head, cancellationToken);
        for (var left = sent; left > 0; left -= Chunk.Length)
        {
            await stream.WriteAsync(Chunk.AsMemory(0, Math.Min(left, Chunk.Length)), cancellationToken);
        }
        await stream.FlushAsync(cancellationToken);
        _sent.TrySetResult();
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
