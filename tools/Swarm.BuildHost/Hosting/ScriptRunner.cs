using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Swarm.BuildHost.Hosting;

/// <summary>Runs a script as <c>pwsh -File</c> does: its output formatted, <c>exit N</c> as exit code, 1 after a terminating error.</summary>
internal static class ScriptRunner
{
    private static PowerShell? s_running;

    public static int Run(string script, string[] arguments, bool interactive)
    {
        var path = Path.GetFullPath(script);
        if (!File.Exists(path))
        {
            Console.Error.WriteLine($"The script '{script}' does not exist. Check the path that follows -File.");
            return 64;
        }
        var host = new ConsoleHost(Console.Out, Console.Error);
        using var runspace = RunspaceFactory.CreateRunspace(host, EngineState.Create());
        runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        runspace.Open();
        Console.CancelKeyPress += (_, e) => e.Cancel = StopCurrent();
        var code = Invoke(runspace, host, ps => AddScriptFile(ps, path, arguments));
        return interactive && code == 0 && host.ExitCode is null ? Prompt(runspace, host) : host.ExitCode ?? code;
    }

    private static int Prompt(Runspace runspace, ConsoleHost host)
    {
        while (host.ExitCode is null)
        {
            Console.Out.Write("PS swarm> ");
            var line = Console.In.ReadLine();
            if (line is null)
            {
                Console.Out.WriteLine();
                break;
            }
            // A block that is open goes on at the next line, as at any PowerShell prompt.
            while (IsIncomplete(line))
            {
                Console.Out.Write(">> ");
                if (Console.In.ReadLine() is not { } more)
                {
                    break;
                }
                line += "\n" + more;
            }
            if (line.Trim().Length > 0)
            {
                Invoke(runspace, host, ps => ps.AddScript(line, useLocalScope: false));
            }
        }
        // Closing the runspace raises PowerShell.Exiting, for whoever has something to do at the end.
        return host.ExitCode ?? 0;
    }

    private static bool IsIncomplete(string text)
    {
        System.Management.Automation.Language.Parser.ParseInput(text, out _, out var errors);
        return errors.Any(e => e.IncompleteInput);
    }

    // The engine ends a script file at its `exit N` and goes on: $? is false then, and N in $LASTEXITCODE. (A native program's failure is in $LASTEXITCODE too, and $? true.)
    private const string RunFile =
        "param($__path, $__named, $__positional) . $__path @__named @__positional; if (-not $?) { exit $LASTEXITCODE }";

    /// <summary>Parameters are told from values the way pwsh -File does: a leading dash, and "-Name:value".</summary>
    internal static void AddScriptFile(PowerShell ps, string path, string[] arguments)
    {
        var named = new Hashtable();
        var positional = new List<object>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (argument.Length < 2 || argument[0] != '-' || !char.IsLetter(argument[1]))
            {
                positional.Add(argument);
            }
            else if (argument.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                named[argument[1..colon]] = Value(argument[(colon + 1)..]);
            }
            else if (i + 1 < arguments.Length && !arguments[i + 1].StartsWith('-'))
            {
                named[argument[1..]] = arguments[++i];
            }
            else
            {
                named[argument[1..]] = true;
            }
        }
        ps.AddScript(RunFile, useLocalScope: false).AddArgument(path).AddArgument(named).AddArgument(positional.ToArray());
    }

    private static object Value(string text) =>
        text.ToLowerInvariant() switch
        {
            "$true" => true,
            "$false" => false,
            _ => text,
        };

    private static int Invoke(Runspace runspace, ConsoleHost host, Action<PowerShell> add)
    {
        using var ps = PowerShell.Create(runspace);
        add(ps);
        ps.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        ps.AddCommand("Out-Default");
        s_running = ps;
        try
        {
            ps.Invoke();
            return 0;
        }
        catch (PipelineStoppedException)
        {
            return host.ExitCode ?? 130;
        }
        catch (RuntimeException e)
        {
            host.UI.WriteErrorLine(ErrorText.Of(e.ErrorRecord));
            return 1;
        }
        finally
        {
            s_running = null;
        }
    }

    private static bool StopCurrent()
    {
        if (s_running is not { } running)
        {
            return false;
        }
        running.BeginStop(null, null);
        return true;
    }
}
