using System.IO.Pipelines;
using Swarm.Daemon.Endpoints.Bodies;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Passes on what a caller sends, and charges it to the caller's budget while swarmd holds it.</summary>
/// <param name="inner">Reads from the caller.</param>
/// <param name="budget">The caller's, over all its calls.</param>
/// <param name="untilTheEnd">True: a message is held until its call ends. False, for calls with many messages: until it has been read.</param>
/// <param name="exceeded">Called when the budget is used up. It may throw.</param>
internal sealed class ChargedPipeReader(PipeReader inner, CallBudget budget, bool untilTheEnd, Action exceeded) : MeteredPipeReader(inner)
{
    private readonly Lock _lock = new();
    private long _unread;
    private long _charged;
    private bool _ended;

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

    protected override void OnReceived(long bytes)
    {
        var more = bytes - _unread;
        _unread = bytes;
        if (more > 0 && !TryCharge(more))
        {
            exceeded();
        }
    }

    protected override void OnConsumed(long bytes)
    {
        _unread -= bytes;
        if (!untilTheEnd)
        {
            Give(bytes);
        }
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
