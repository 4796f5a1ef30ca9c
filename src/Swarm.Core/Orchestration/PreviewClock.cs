namespace Swarm.Core.Orchestration;

/// <summary>The clock of a preview: it stands still until it is advanced.</summary>
internal sealed class PreviewClock(DateTimeOffset start) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.UtcTicks;
}
