namespace Swarm.Benchmarks;

/// <summary>Where the time of tasks that were submitted one by one went.</summary>
/// <param name="Total">From the first task's creation to the last one's assignment.</param>
/// <param name="Processor">What this process ran of that time: what other programs on the machine took is not in it.</param>
/// <param name="First">The first task alone: the scheduler looks at every node and puts them in order.</param>
/// <param name="Paused">Garbage collections.</param>
/// <param name="AllocatedBytes">Of all tasks, what became garbage included.</param>
internal sealed record OneByOneTiming(TimeSpan Total, TimeSpan Processor, TimeSpan First, TimeSpan Paused, long AllocatedBytes);
