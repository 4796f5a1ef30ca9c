using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Swarm.Benchmarks;

/// <summary>Runs SwarmKit's own scheduler benchmarks from its test binary (<c>go test -c ./manager/scheduler</c>).</summary>
internal sealed partial class SwarmKitBenchmark(string binary, TimeSpan timeout)
{
    /// <returns>Median seconds for one operation; null when it did not finish in time.</returns>
    public double? Measure(SchedulerScenario scenario)
    {
        var count = scenario.Tasks <= 10_000 && scenario.Nodes <= 10_000 ? 3 : 1;
        var start = new ProcessStartInfo(binary)
        {
            ArgumentList =
            {
                "-test.run=^$",
                $"-test.bench=^Benchmark{scenario.Name}$",
                "-test.benchtime=1x",
                $"-test.count={count}",
                "-test.timeout=0",
            },
            WorkingDirectory = Path.GetTempPath(),
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{binary} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(timeout))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return null;
        }
        var text = output.GetAwaiter().GetResult();
        var seconds = Parse(text);
        if (process.ExitCode != 0 || seconds.Count == 0)
        {
            throw new InvalidOperationException(
                $"{binary} ended with {process.ExitCode} and printed no result for {scenario.Name}:\n{text}"
            );
        }
        return Statistics.Median(seconds);
    }

    /// <summary>Seconds an operation, from lines such as <c>BenchmarkScheduler1kNodes1kTasks-2   1   270123456 ns/op</c>.</summary>
    private static List<double> Parse(string output) =>
        [.. ResultLine().Matches(output).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) / 1e9)];

    [GeneratedRegex(@"^Benchmark\S+\s+\d+\s+([0-9.]+) ns/op", RegexOptions.Multiline)]
    private static partial Regex ResultLine();
}
