namespace Swarm.Core.Tests.Simulation;

/// <summary>The leader's disk. It writes one batch after another; what comes during a write is in the next batch. For a while a write may take
/// seconds.</summary>
internal sealed class Disk
{
    private TimeSpan _slowUntil;
    private TimeSpan _writing;
    private TimeSpan _next;
    private int _longest;

    /// <summary>The end of everything that was asked for.</summary>
    public TimeSpan BusyUntil => _next > _writing ? _next : _writing;

    /// <summary>Until that moment a write takes up to so many milliseconds.</summary>
    public void Slow(TimeSpan until, int longest)
    {
        _slowUntil = until;
        _longest = longest;
    }

    /// <summary>The time from now on until what is written is on the disk.</summary>
    public TimeSpan Write(TimeSpan now, Random random)
    {
        if (now >= _writing && _next > now)
        {
            _writing = _next;
        }
        if (now >= _writing)
        {
            _writing = now + Duration(now, random);
            return _writing - now;
        }
        if (_next <= _writing)
        {
            _next = _writing + Duration(now, random);
        }
        return _next - now;
    }

    private TimeSpan Duration(TimeSpan now, Random random) =>
        now < _slowUntil ? TimeSpan.FromMilliseconds(random.Next(_longest)) : TimeSpan.Zero;
}
