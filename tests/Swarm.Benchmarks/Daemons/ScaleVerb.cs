using System.Globalization;

namespace Swarm.Benchmarks.Daemons;

/// <summary><c>scale</c>: many tasks on one node that is its own manager, at their start and after a restart of swarmd.</summary>
internal static class ScaleVerb
{
    private const string Usage =
        "Usage: Swarm.Benchmarks scale [--swarmd PATH] [--tasks N,SERVICESxREPLICAS,…] [--sync-delay MILLISECONDS]  "
        + "(PATH: swarmd, swarmd.dll, or a folder that holds one; else $SWARMD_PATH)";

    public static int Run(string[] args)
    {
        var path = Environment.GetEnvironmentVariable("SWARMD_PATH") ?? "";
        List<ScaleRun> runs = [new(1, 1000), new(1, 10_000)];
        var delay = 0;
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            var read = (args[i], value) switch
            {
                ("--swarmd", { } given) => (path = given).Length > 0,
                ("--tasks", { } given) => TryReadRuns(given, out runs),
                ("--sync-delay", not null) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out delay),
                _ => false,
            };
            if (!read)
            {
                Console.Error.WriteLine(Usage);
                return 2;
            }
        }
        var program = DaemonVerb.FindProgram(path);
        if (!OperatingSystem.IsLinux() || !File.Exists(program))
        {
            Console.Error.WriteLine(
                OperatingSystem.IsLinux() ? $"There is no swarmd at '{path}'. {Usage}" : "This needs Linux: it reads /proc."
            );
            return 2;
        }
        Measure(Path.GetFullPath(program), runs, TimeSpan.FromMilliseconds(delay));
        return 0;
    }

    private static bool TryReadRuns(string text, out List<ScaleRun> runs)
    {
        runs = [];
        foreach (var run in text.Split(','))
        {
            var parts = run.Split('x');
            var numbers = Array.ConvertAll(
                parts,
                static p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0
            );
            if (numbers.Length > 2 || Array.Exists(numbers, static n => n < 1))
            {
                return false;
            }
            runs.Add(numbers.Length == 1 ? new ScaleRun(1, numbers[0]) : new ScaleRun(numbers[0], numbers[1]));
        }
        return true;
    }

    private static void Measure(string program, List<ScaleRun> runs, TimeSpan syncDelay)
    {
        Console.WriteLine(
            syncDelay == TimeSpan.Zero
                ? "One manager that is also the node, Simulated executor. All run: from the request until every task runs. Again: from a start of swarmd with these tasks."
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"The same, with {syncDelay.TotalMilliseconds:0} ms more for each sync of the manager's log."
                )
        );
        Console.WriteLine();
        Console.WriteLine("| Tasks | all run | tasks/s | times the first | again after a restart | node lost | tasks replaced | memory |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        ScaleRun? first = null;
        foreach (var run in runs)
        {
            run.Measure(program, syncDelay);
            first ??= run;
            var tasks = run.Services == 1 ? $"{run.Tasks:#,0}" : $"{run.Services:#,0} services × {run.Replicas}";
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {tasks} | {Seconds(run.Started)} | {run.Tasks / run.Started?.TotalSeconds:#,0} | {run.Started / first.Started:0.0} | {Seconds(run.Again)} | {run.Losses} | {run.Replaced} | {run.Memory / 1e6:0} MB |"
                )
            );
        }
        Console.WriteLine();
    }

    private static string Seconds(TimeSpan? time) =>
        time is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalSeconds:0.00} s") : "not within 5 min";
}
