using System.Buffers;
using System.IO.Pipelines;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Passes on what a caller sends, and charges it to the caller's budget while swarmd holds it.</summary>
/// <param name="inner">Reads from the caller.</param>
/// <param name="budget">The caller's, over all its calls.</param>
/// <param name="untilTheEnd">True: a message is held until its call ends. False, for calls with many messages: until it has been read.</param>
/// <param name="exceeded">Called when the budget is used up. It may throw.</param>
internal sealed class ChargedPipeReader(PipeReader inner, CallBudget budget, bool untilTheEnd, Action exceeded) : PipeReader
{
    private readonly Lock _lock = new();
    private ReadOnlySequence<byte> _buffer;
    private long _unread;
    private long _charged;
    private bool _ended;

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
            var read = _buffer.Slice(_buffer.Start, consumed).Length;
            _unread -= read;
            if (!untilTheEnd)
            {
                Give(read);
            }
        }
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    /// <summary>Gives back what the call holds, when it has ended. A read that is still under way takes nothing any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            budget.Give(_charged);
            _charged = 0;
        }
    }

    private ReadResult Take(ReadResult result)
    {
        _buffer = result.Buffer;
        var more = _buffer.Length - _unread;
        _unread = _buffer.Length;
        if (more > 0 && !TryCharge(more))
        {
            exceeded();
        }
        return result;
    }

    private bool TryCharge(long bytes)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return true;
            }
            if (!budget.TryTake(bytes))
            {
                return false;
            }
            _charged += bytes;
            return true;
        }
    }

    private void Give(long bytes)
    {
        lock (_lock)
        {
            // Bytes for which the budget had no room were not charged.
            var charged = _ended ? 0 : Math.Min(bytes, _charged);
            budget.Give(charged);
            _charged -= charged;
        }
    }
}
