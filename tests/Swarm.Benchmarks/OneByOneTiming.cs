namespace Swarm.Benchmarks;

/// <summary>The parts of the time of tasks that were submitted task by task.</summary>
/// <param name="Total">From the first task's creation to the last one's assignment.</param>
/// <param name="Processor">This process's processor time in that period; time of other programs does not count.</param>
/// <param name="First">The first task alone: the scheduler looks at every node and puts them in order.</param>
/// <param name="Paused">Garbage collections.</param>
/// <param name="AllocatedBytes">Allocations for all tasks, garbage included.</param>
internal sealed record OneByOneTiming(TimeSpan Total, TimeSpan Processor, TimeSpan First, TimeSpan Paused, long AllocatedBytes);
