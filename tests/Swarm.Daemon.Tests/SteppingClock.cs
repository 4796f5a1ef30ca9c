using Microsoft.Extensions.Time.Testing;

namespace Swarm.Daemon.Tests;

/// <summary>A machine's clocks: the monotonic one and the timers go with the time, the wall clock can be set.</summary>
internal sealed class SteppingClock(FakeTimeProvider time) : TimeProvider
{
    /// <summary>The error of the wall clock.</summary>
    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Offset;

    public override long GetTimestamp() => time.GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
