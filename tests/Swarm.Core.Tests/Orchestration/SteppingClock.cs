using Microsoft.Extensions.Time.Testing;

namespace Swarm.Core.Tests.Orchestration;

/// <summary>A machine's clocks: the monotonic one goes with the time, the wall clock can be set.</summary>
internal sealed class SteppingClock(FakeTimeProvider time) : TimeProvider
{
    private TimeSpan _offset;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Sets the wall clock forward, or back.</summary>
    public void Step(TimeSpan by) => _offset += by;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + _offset;

    public override long GetTimestamp() => time.GetUtcNow().UtcTicks;
}
