using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Swarm.Benchmarks;

/// <summary><c>import</c>: the time of Import-Module in a fresh process of each given PowerShell host.</summary>
internal static partial class ImportVerb
{
    private const string Usage =
        "Usage: Swarm.Benchmarks import --module PATH_TO_SWARM.PSD1 --script PATH_TO_IMPORT.PS1 --host NAME=PROGRAM [--host …] [--runs N]\n"
        + "A host that ends in .dll is run by dotnet. Each is given -NoProfile -File SCRIPT MODULE.";

    public static int Run(string[] args)
    {
        var hosts = new List<(string Name, string Program)>();
        var (module, script, runs) = ("", "", 15);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            switch (args[i])
            {
                case "--module":
                    module = args[i + 1];
                    break;
                case "--script":
                    script = args[i + 1];
                    break;
                case "--host" when args[i + 1].Split('=', 2) is [var name, var program]:
                    hosts.Add((name, program));
                    break;
                case "--runs" when int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var n) && n > 0:
                    runs = n;
                    break;
                default:
                    Console.Error.WriteLine(Usage);
                    return 2;
            }
        }
        var missing = hosts.Select(h => h.Program).Append(module).Append(script).FirstOrDefault(p => !File.Exists(p));
        if (hosts.Count == 0 || missing is not null)
        {
            Console.Error.WriteLine(missing is { Length: > 0 } ? $"There is no file {missing}." : Usage);
            return 2;
        }
        Console.WriteLine(Measurement.Header);
        foreach (var (name, program) in hosts)
        {
            // The first run reads the files from disk; a user's second import of the day does not.
            Import(program, script, module);
            var values = Enumerable.Range(0, runs).Select(_ => Import(program, script, module)).ToArray();
            Console.WriteLine(new Measurement($"Import-Module in a fresh process, {name}", "ms", values, "< 150 ms"));
        }
        return 0;
    }

    private static double Import(string program, string script, string module)
    {
        string[] command = program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? ["dotnet", program] : [program];
        var start = new ProcessStartInfo(command[0], [.. command[1..], "-NoProfile", "-File", script, module])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var line = ResultLine().Match(output);
        return process.ExitCode == 0 && line.Success
            ? double.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode} and did not import {module}:\n{output}");
    }

    [GeneratedRegex("imported in ([0-9.]+) ms")]
    private static partial Regex ResultLine();
}
