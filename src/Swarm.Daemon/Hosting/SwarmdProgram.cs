using System.Collections;
using System.Globalization;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Daemon.Configuration;
using Swarm.Host.Processes;

namespace Swarm.Daemon.Hosting;

/// <summary>Runs swarmd from start to stop, and reports a failure in one sentence.</summary>
internal static partial class SwarmdProgram
{
    /// <summary>Exit code when swarmd cannot start, or cannot go on.</summary>
    public const int Failure = 1;

    /// <summary>The command line that starts this very program: the native swarmd, or <c>dotnet</c> with the file of this one.</summary>
    public static IReadOnlyList<string> Command =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "swarmd.dll")]
            : [Environment.ProcessPath!];

    public static Task<int> RunAsync(string[] args) =>
        args is [OrphanAdopter.Verb, _, ..] ? Task.FromResult(OrphanAdopter.Become(args[1..]))
        : args is [SampleServer.Verb, ..] ? SampleServer.RunAsync(args[1..])
        : SwarmdCommandLine.InvokeAsync(args, ReadEnvironment(), Console.Out, Console.Error, RunAsync);

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
