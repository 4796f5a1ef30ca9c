namespace Swarm.Benchmarks;

/// <summary>A shape of SwarmKit's scheduler benchmark.</summary>
/// <param name="Name">SwarmKit's name without <c>Benchmark</c>.</param>
/// <param name="Constraints">Only every third node takes the tasks.</param>
/// <param name="ReferenceSeconds">The time of SwarmKit's own benchmark on a machine of this kind, where known. It is used only when that
/// benchmark is not run alongside.</param>
internal sealed record SchedulerScenario(string Name, int Nodes, int Tasks, bool Constraints, double? ReferenceSeconds)
{
    public static readonly SchedulerScenario[] All =
    [
        new("Scheduler1kNodes1kTasks", 1_000, 1_000, false, 0.27),
        new("Scheduler1kNodes10kTasks", 1_000, 10_000, false, 2.7),
        new("Scheduler1kNodes100kTasks", 1_000, 100_000, false, 49.5),
        new("Scheduler100kNodes1kTasks", 100_000, 1_000, false, null),
        new("Scheduler100kNodes100kTasks", 100_000, 100_000, false, null),
        new("Scheduler100kNodes1MTasks", 100_000, 1_000_000, false, null),
        new("SchedulerConstraints1kNodes1kTasks", 1_000, 1_000, true, 0.37),
        new("SchedulerConstraints1kNodes10kTasks", 1_000, 10_000, true, 4.8),
        new("SchedulerConstraints1kNodes100kTasks", 1_000, 100_000, true, 84),
        new("SchedulerConstraints5kNodes100kTasks", 5_000, 100_000, true, null),
    ];
}
