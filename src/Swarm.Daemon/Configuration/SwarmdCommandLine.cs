using System.CommandLine;

namespace Swarm.Daemon.Configuration;

/// <summary>swarmd's command line.</summary>
internal static class SwarmdCommandLine
{
    /// <summary>Exit code for a wrong command line, file or environment. Source: the shell's convention for usage errors.</summary>
    public const int UsageError = 2;

    /// <summary>Parses, and calls <paramref name="run"/> with the options; otherwise prints help, version or the error.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> InvokeAsync(
        string[] args,
        IReadOnlyDictionary<string, string> environment,
        TextWriter output,
        TextWriter error,
        Func<DaemonOptions, CancellationToken, Task<int>> run
    )
    {
        var config = new Option<string?>("--config")
        {
            Description = $"JSON file with these settings ({DaemonConfiguration.DefaultFile}, if there is one).",
            HelpName = "FILE",
        };
        var label = new Option<string[]>("--label")
        {
            Description = "Engine label; may be given again and again.",
            HelpName = "NAME=VALUE",
            AllowMultipleArgumentsPerToken = false,
        };
        var peer = new Option<string[]>("--peer")
        {
            Description = "With --control-plane docker: the swarmd of another node; may be given again and again.",
            HelpName = "NAME=ADDRESS[:PORT],CERTIFICATE",
            AllowMultipleArgumentsPerToken = false,
        };
        var options = Settings.All.ToDictionary(
            static s => s,
            static s => new Option<string?>(s.Option) { Description = s.Description, HelpName = s.Value }
        );
        var root = new RootCommand(
            "swarmd: the Swarm daemon. Every setting can also be given in the environment (SWARMD_STATE_DIR, …) and in the file."
        )
        {
            config,
            label,
            peer,
        };
        foreach (var option in options.Values)
        {
            root.Options.Add(option);
        }
        root.SetAction(
            async (parsed, cancellation) =>
            {
                var given = options
                    .Where(o => parsed.GetResult(o.Value) is { Implicit: false })
                    .ToDictionary(static o => o.Key, o => parsed.GetValue(o.Value) ?? "");
                DaemonOptions read;
                try
                {
                    var configuration = DaemonConfiguration.Build(
                        parsed.GetValue(config),
                        given,
                        parsed.GetValue(label) ?? [],
                        parsed.GetValue(peer) ?? [],
                        environment
                    );
                    read = DaemonOptionsReader.Read(configuration);
                }
                catch (ConfigurationException e)
                {
                    await error.WriteLineAsync("swarmd: " + VisibleText.Lines(e.Message));
                    return UsageError;
                }
                return await run(read, cancellation);
            }
        );
        var result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (var problem in result.Errors)
            {
                await error.WriteLineAsync("swarmd: " + VisibleText.Lines(problem.Message));
            }
            await error.WriteLineAsync("swarmd: Run 'swarmd --help' for the options.");
            return UsageError;
        }
        return await result.InvokeAsync(
            new InvocationConfiguration
            {
                Output = output,
                Error = error,
                ProcessTerminationTimeout = null,
            }
        );
    }
}
