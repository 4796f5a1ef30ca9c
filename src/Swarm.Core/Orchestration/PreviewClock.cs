namespace Swarm.Core.Orchestration;

/// <summary>The time in a preview: stands still until it is moved.</summary>
internal sealed class PreviewClock(DateTimeOffset start) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = start;

    public override DateTimeOffset GetUtcNow() => Now;
}
