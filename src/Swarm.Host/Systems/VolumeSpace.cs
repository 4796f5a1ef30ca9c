namespace Swarm.Host.Systems;

/// <summary>The space of a file system, in bytes.</summary>
/// <param name="Free">Free for this process, without the reserve for root.</param>
/// <param name="Total">The size of the file system.</param>
public sealed record VolumeSpace(long Free, long Total);
