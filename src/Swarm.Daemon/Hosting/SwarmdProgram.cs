using System.Collections;
using System.Globalization;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Daemon.Configuration;

namespace Swarm.Daemon.Hosting;

/// <summary>Runs swarmd from start to stop, and reports a failure in one sentence.</summary>
internal static partial class SwarmdProgram
{
    /// <summary>Exit code when swarmd cannot start, or cannot go on.</summary>
    public const int Failure = 1;

    public static Task<int> RunAsync(string[] args) =>
        SwarmdCommandLine.InvokeAsync(args, ReadEnvironment(), Console.Out, Console.Error, RunAsync);

    private static async Task<int> RunAsync(DaemonOptions options, CancellationToken cancellation)
    {
        try
        {
            await using var host = await ControlHost.StartAsync(options, cancellation: cancellation);
            var milliseconds = ((long)ControlHost.SinceProcessStart().TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            // For a program that starts swarmd and waits for it.
            Console.WriteLine(
                $"swarmd {SwarmdVersion.Text} ready in {milliseconds} ms (pid {Environment.ProcessId}, socket {options.Socket})"
            );
            await host.WaitForShutdownAsync(cancellation);
            if (host.Fatal is { } fatal)
            {
                await Console.Error.WriteLineAsync("swarmd: " + VisibleText.Lines(fatal.Message));
                return Failure;
            }
            return 0;
        }
        catch (SwarmException e)
        {
            await Console.Error.WriteLineAsync(VisibleText.Lines($"swarmd: {e.Message} {e.Action}".TrimEnd()));
            return Failure;
        }
    }

    private static Dictionary<string, string> ReadEnvironment()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        }
        return variables;
    }
}
