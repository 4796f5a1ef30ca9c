using System.Diagnostics;
using System.Globalization;

namespace Swarm.Benchmarks;

/// <summary><c>scheduler</c>: benchmarks with SwarmKit's shapes and names, beside SwarmKit's own when its test binary is given.</summary>
internal static class SchedulerVerb
{
    private const string Usage =
        "Usage: Swarm.Benchmarks scheduler [--filter TEXT] [--runs N] [--swarmkit PATH_TO_GO_TEST_BINARY] [--swarmkit-timeout MINUTES]";

    /// <summary>Time for the runs of one figure.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(8);

    public static int Run(string[] args)
    {
        var filter = "";
        var runs = 5;
        string? binary = null;
        var timeout = TimeSpan.FromMinutes(10);
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            var read = (args[i], value) switch
            {
                ("--filter", not null) => Set(() => filter = value),
                ("--runs", not null) => int.TryParse(value, CultureInfo.InvariantCulture, out runs) && runs > 0,
                ("--swarmkit", not null) => Set(() => binary = value),
                ("--swarmkit-timeout", not null) => double.TryParse(value, CultureInfo.InvariantCulture, out var minutes)
                    && minutes > 0
                    && Set(() => timeout = TimeSpan.FromMinutes(minutes)),
                _ => false,
            };
            if (!read)
            {
                Console.Error.WriteLine(Usage);
                return 2;
            }
        }
        if (binary is not null && !File.Exists(binary))
        {
            Console.Error.WriteLine($"There is no file {binary}.");
            return 2;
        }
        var scenarios = SchedulerScenario.All.Where(s => s.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (scenarios.Length == 0)
        {
            Console.Error.WriteLine($"No benchmark's name contains '{filter}'.");
            return 2;
        }
        Measure(scenarios, runs, binary is null ? null : new SwarmKitBenchmark(Path.GetFullPath(binary), timeout));
        return 0;
    }

    private static void Measure(SchedulerScenario[] scenarios, int runs, SwarmKitBenchmark? swarmKit)
    {
        Console.WriteLine(Machine.Describe());
        Console.WriteLine();
        WarmUp();
        Console.WriteLine("Every task is a service of its own. One by one: created, scheduled and assigned before the next is submitted.");
        Console.WriteLine();
        var theirs = swarmKit is null ? "SwarmKit (reference)" : "SwarmKit (same run)";
        Console.WriteLine(
            $"| Benchmark | task by task | processor time | first task | GC pauses | allocated/task | tasks/s | in one batch | tasks/s | bytes/task | bytes/service | {theirs} | times faster: task by task | in one batch |"
        );
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var scenario in scenarios)
        {
            Print(scenario, runs, swarmKit);
        }
        Console.WriteLine();
        Console.WriteLine("Grouped: all tasks are replicas of one service.");
        Console.WriteLine();
        Console.WriteLine("| Benchmark | task by task | tasks/s | in one batch | tasks/s | bytes/task |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (var scenario in scenarios)
        {
            PrintGrouped(scenario, runs);
        }
    }

    private static void WarmUp()
    {
        for (var i = 0; i < 20; i++)
        {
            new SchedulerRun(300, 1_000, 1_000, constraints: i % 2 == 0).OneByOne();
            new SchedulerRun(300, 1_000, 1_000, constraints: i % 2 == 0).InOneBatch();
            new SchedulerRun(300, 1_000, 1, constraints: i % 2 == 0).InOneBatch();
        }
    }

    private static void Print(SchedulerScenario scenario, int runs, SwarmKitBenchmark? swarmKit)
    {
        var timings = Repeat(runs, () => NewRun(scenario, scenario.Tasks).OneByOne());
        var oneByOne = Statistics.Median(timings.Select(static t => t.Total.TotalSeconds));
        var processor = Statistics.Median(timings.Select(static t => t.Processor.TotalSeconds));
        var first = Statistics.Median(timings.Select(static t => t.First.TotalSeconds));
        var paused = Statistics.Median(timings.Select(static t => t.Paused.TotalSeconds));
        var batch = Median(runs, () => NewRun(scenario, scenario.Tasks).InOneBatch());
        var memory = NewRun(scenario, scenario.Tasks);
        var bytesPerTask = memory.BytesPerTask();
        var theirs = swarmKit is null ? scenario.ReferenceSeconds : swarmKit.Measure(scenario);
        var unknown = swarmKit is null ? "–" : "did not finish";
        Console.WriteLine(
            $"| {scenario.Name} | {Time(oneByOne)} | {Time(processor)} | {Time(first)} | {Time(paused)} "
                + $"| {Number(timings[0].AllocatedBytes / (double)scenario.Tasks)} | {Rate(scenario, oneByOne)} | {Time(batch)} | {Rate(scenario, batch)} "
                + $"| {Number(bytesPerTask)} | {Number(memory.BytesPerService)} "
                + $"| {(theirs is null ? unknown : Time(theirs.Value))} | {Ratio(theirs, oneByOne)} | {Ratio(theirs, batch)} |"
        );
    }

    private static void PrintGrouped(SchedulerScenario scenario, int runs)
    {
        var batch = Median(runs, () => NewRun(scenario, 1).InOneBatch());
        var oneByOne = Median(runs, () => NewRun(scenario, 1).OneByOne().Total);
        var bytes = NewRun(scenario, 1).BytesPerTask();
        Console.WriteLine(
            $"| {scenario.Name} | {Time(oneByOne)} | {Rate(scenario, oneByOne)} | {Time(batch)} | {Rate(scenario, batch)} | {Number(bytes)} |"
        );
    }

    private static SchedulerRun NewRun(SchedulerScenario scenario, int services) =>
        new(scenario.Nodes, scenario.Tasks, services, scenario.Constraints);

    private static double Median(int runs, Func<TimeSpan> run) => Statistics.Median(Repeat(runs, run).Select(static t => t.TotalSeconds));

    /// <summary>Runs as often as requested, or as often as fits into <see cref="Budget"/> together with setup; at least once.</summary>
    private static List<T> Repeat<T>(int runs, Func<T> run)
    {
        var clock = Stopwatch.StartNew();
        var done = new List<T>();
        while (done.Count == 0 || (done.Count < runs && clock.Elapsed < Budget))
        {
            done.Add(run());
        }
        return done;
    }

    private static string Ratio(double? theirs, double ours) => theirs is null ? "–" : Number(theirs.Value / ours);

    private static string Time(double seconds) =>
        seconds < 1
            ? (seconds * 1000).ToString("0.0", CultureInfo.InvariantCulture) + " ms"
            : seconds.ToString("0.00", CultureInfo.InvariantCulture) + " s";

    private static string Rate(SchedulerScenario scenario, double seconds) => Number(scenario.Tasks / seconds);

    private static string Number(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static bool Set(Action set)
    {
        set();
        return true;
    }
}
