namespace Swarm.Host.Systems;

/// <summary>Room on a file system, in bytes.</summary>
/// <param name="Free">For this process: what is kept for root does not count to others.</param>
/// <param name="Total">All of it.</param>
public sealed record VolumeSpace(long Free, long Total);
