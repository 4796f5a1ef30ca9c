using System.Buffers;
using System.IO.Pipelines;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Passes on what a peer sends, up to a number of bytes.</summary>
/// <param name="inner">Reads from the peer.</param>
/// <param name="most">Bytes, read or still in the buffer.</param>
/// <param name="exceeded">Called when there are more. It may throw.</param>
internal sealed class BoundedPipeReader(PipeReader inner, long most, Action exceeded) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;
    private long _consumed;

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
            _consumed += _buffer.Slice(_buffer.Start, consumed).Length;
        }
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private ReadResult Take(ReadResult result)
    {
        _buffer = result.Buffer;
        if (_consumed + _buffer.Length > most)
        {
            exceeded();
        }
        return result;
    }
}
