using System.Buffers;
using System.IO.Pipelines;

namespace Swarm.Daemon.Endpoints.Bodies;

/// <summary>Passes on what a peer sends, and says how much of it there is.</summary>
/// <param name="inner">Reads from the peer.</param>
internal abstract class MeteredPipeReader(PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        Take(await inner.ReadAsync(cancellationToken));

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result))
        {
            return false;
        }
        Take(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_buffer.IsEmpty)
        {
            OnConsumed(_buffer.Slice(_buffer.Start, consumed).Length);
        }
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    /// <param name="bytes">In the buffer: received, and not consumed. It may throw.</param>
    protected abstract void OnReceived(long bytes);

    /// <param name="bytes">Consumed since the last call.</param>
    protected abstract void OnConsumed(long bytes);

    private ReadResult Take(ReadResult result)
    {
        _buffer = result.Buffer;
        OnReceived(_buffer.Length);
        return result;
    }
}
