namespace Swarm.Daemon.Tests.Takeover;

/// <summary>Runs from a given moment at the pace of the machine's clock: an archive's certificates end after 90 days.</summary>
internal sealed class ArchiveClock(DateTimeOffset start) : TimeProvider
{
    private readonly TimeSpan _offset = start - System.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _offset;
}
