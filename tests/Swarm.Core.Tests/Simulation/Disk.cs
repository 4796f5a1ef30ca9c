namespace Swarm.Core.Tests.Simulation;

/// <summary>The leader's disk. It writes one batch after another; for a while each may take seconds.</summary>
internal sealed class Disk
{
    private TimeSpan _slowUntil;
    private TimeSpan _busyUntil;
    private int _longest;

    /// <summary>Until that moment a write takes up to so many milliseconds.</summary>
    public void Slow(TimeSpan until, int longest)
    {
        _slowUntil = until;
        _longest = longest;
    }

    /// <summary>The time that a write takes from now on, with those before it.</summary>
    public TimeSpan Write(TimeSpan now, Random random)
    {
        if (now >= _slowUntil && now >= _busyUntil)
        {
            return TimeSpan.Zero;
        }
        var begin = now > _busyUntil ? now : _busyUntil;
        _busyUntil = begin + TimeSpan.FromMilliseconds(now < _slowUntil ? random.Next(_longest) : 0);
        return _busyUntil - now;
    }
}
