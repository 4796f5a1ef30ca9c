using System.Globalization;

namespace Swarm.Benchmarks.Daemons;

/// <summary><c>daemon</c>: the time until a swarmd is ready, and its memory when it is idle.</summary>
internal static class DaemonVerb
{
    private const string Usage =
        "Usage: Swarm.Benchmarks daemon [--swarmd PATH] [--runs N] [--idle SECONDS] [--executor Process|Docker|Simulated]  "
        + "(PATH: swarmd, swarmd.dll, or a folder that holds one; else $SWARMD_PATH)";

    public static int Run(string[] args)
    {
        var path = Environment.GetEnvironmentVariable("SWARMD_PATH") ?? "";
        var runs = 10;
        var idle = 5.0;
        var executor = "Process";
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            var read = (args[i], value) switch
            {
                ("--swarmd", { } given) => (path = given).Length > 0,
                ("--runs", not null) => int.TryParse(value, CultureInfo.InvariantCulture, out runs) && runs > 0,
                ("--idle", not null) => double.TryParse(value, CultureInfo.InvariantCulture, out idle) && idle >= 0,
                ("--executor", { } given) => (executor = given).Length > 0,
                _ => false,
            };
            if (!read)
            {
                Console.Error.WriteLine(Usage);
                return 2;
            }
        }
        var program = FindProgram(path);
        if (!OperatingSystem.IsLinux() || !File.Exists(program))
        {
            Console.Error.WriteLine(
                OperatingSystem.IsLinux() ? $"There is no swarmd at '{path}'. {Usage}" : "This needs Linux: it reads /proc."
            );
            return 2;
        }
        Measure(Path.GetFullPath(program), runs, TimeSpan.FromSeconds(idle), executor);
        return 0;
    }

    /// <summary>swarmd or swarmd.dll: the file, or the one in the folder; null when there is none.</summary>
    public static string? FindProgram(string path) =>
        Directory.Exists(path) ? new[] { "swarmd.dll", "swarmd" }.Select(n => Path.Combine(path, n)).FirstOrDefault(File.Exists) : path;

    private static void Measure(string program, int runs, TimeSpan idle, string executor)
    {
        Console.WriteLine(Machine.Describe());
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{program} ({new FileInfo(program).Length / 1e6:0.0} MB), {executor} executor, {runs} runs. Ready: from the start of the process until GetDaemon "
                    + $"is answered on the local socket. Memory: {idle.TotalSeconds:0.#} s after that, VmRSS (of it anonymous)."
            )
        );
        Console.WriteLine();
        // This process's own first call is slow; a daemon's files are in memory from then on.
        _ = new DaemonRun().Measure(program, TimeSpan.Zero, executor);
        DaemonRun[] measured = [.. Enumerable.Range(0, runs).Select(_ => new DaemonRun().Measure(program, idle, executor))];
        Console.WriteLine("| Measurement | min | median | max |");
        Console.WriteLine("|---|---:|---:|---:|");
        Row("ready, no swarm yet", "ms", [.. measured.SelectMany(m => m.Fresh)]);
        Row("processor time until ready, no swarm yet", "ms", [.. measured.SelectMany(m => m.FreshProcessor)]);
        Row("ready, a manager started again", "ms", [.. measured.Select(m => m.ManagerAgain)]);
        Row("ready, a worker started again", "ms", [.. measured.Select(m => m.WorkerAgain)]);
        Row("idle, no swarm yet", "MB", [.. measured.Select(m => m.Outside.Resident)]);
        Row("idle, no swarm yet, anonymous", "MB", [.. measured.Select(m => m.Outside.Anonymous)]);
        Row("idle, a new manager", "MB", [.. measured.Select(m => m.Manager.Resident)]);
        Row("idle, a new manager, anonymous", "MB", [.. measured.Select(m => m.Manager.Anonymous)]);
        Row("idle, a new worker", "MB", [.. measured.Select(m => m.Worker.Resident)]);
        Row("idle, a new worker, anonymous", "MB", [.. measured.Select(m => m.Worker.Anonymous)]);
    }

    private static void Row(string what, string unit, double[] values) =>
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {values.Min():0.0} {unit} | {Statistics.Median(values):0.0} {unit} | {values.Max():0.0} {unit} |"
            )
        );
}
