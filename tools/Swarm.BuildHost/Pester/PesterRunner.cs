using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Swarm.BuildHost.Hosting;

namespace Swarm.BuildHost.Pester;

/// <summary>Runs Pester 5 test files, each in a runspace of its own, and prints what became of each test.</summary>
internal static class PesterRunner
{
    /// <returns>0 when nothing failed. The last line printed is the plain count: <c>N passed, N failed, N skipped</c>.</returns>
    public static int Run(IReadOnlyList<string> paths, TextWriter output)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (File.Exists(path))
            {
                files.Add(Path.GetFullPath(path));
            }
            else if (Directory.Exists(path))
            {
                files.AddRange(
                    Directory.GetFiles(Path.GetFullPath(path), "*.Tests.ps1", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                );
            }
            else
            {
                output.WriteLine($"'{path}' is neither a file nor a folder.");
                return 64;
            }
        }
        int passed = 0,
            failed = 0,
            skipped = 0;
        foreach (var file in files)
        {
            output.WriteLine($"Running tests from '{file}'");
            var (root, error) = RunFile(file, output);
            if (error is not null)
            {
                // As in Pester: a file that cannot be discovered, or whose container fails, is one failure.
                output.WriteLine($"[-] {file}: {error}");
                failed++;
            }
            else if (!root.Tests.Any())
            {
                output.WriteLine($"[-] {file}: holds no test.");
                failed++;
            }
            foreach (var test in root.Tests)
            {
                Print(test, output);
                passed += test.Outcome == TestOutcome.Passed ? 1 : 0;
                failed += test.Outcome is TestOutcome.Failed or TestOutcome.NotRun ? 1 : 0;
                skipped += test.Outcome == TestOutcome.Skipped ? 1 : 0;
            }
            foreach (var block in root.AllBlocks.Where(b => b.Failed))
            {
                // Pester counts these apart, as failed blocks and (for the file itself) failed containers; build.ps1 adds them up.
                var name = block.Parent is null ? file : block.Path;
                output.WriteLine($"  [-] {name}: {block.Detail.ReplaceLineEndings(Environment.NewLine + "      ")}");
                failed++;
            }
        }
        output.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 ? 0 : 1;
    }

    private static void Print(PesterTest test, TextWriter output)
    {
        switch (test.Outcome)
        {
            case TestOutcome.Passed:
                output.WriteLine($"  [+] {test.Path} {test.Duration.TotalMilliseconds:0} ms");
                break;
            case TestOutcome.Skipped:
                output.WriteLine($"  [!] {test.Path} skipped{(test.Detail.Length > 0 ? ", because " + test.Detail : "")}");
                break;
            default:
                output.WriteLine(
                    $"  [-] {test.Path}{Environment.NewLine}      {test.Detail.ReplaceLineEndings(Environment.NewLine + "      ")}"
                );
                break;
        }
    }

    private static (PesterBlock Root, string? Error) RunFile(string file, TextWriter output)
    {
        var discovery = new PesterDiscovery(file);
        var host = new ConsoleHost(output, output);
        var state = EngineState.Create();
        state.Commands.Add(new SessionStateCmdletEntry("Assert-Should", typeof(ShouldCommand), null));
        state.Commands.Add(new SessionStateAliasEntry("Should", "Assert-Should"));
        state.Commands.Add(new SessionStateCmdletEntry("Invoke-BeforeDiscovery", typeof(BeforeDiscoveryCommand), null));
        state.Commands.Add(new SessionStateAliasEntry("BeforeDiscovery", "Invoke-BeforeDiscovery"));
        state.Variables.Add(new SessionStateVariableEntry("__pester", discovery, "The running test file"));
        using var runspace = RunspaceFactory.CreateRunspace(host, state);
        runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        runspace.Open();
        runspace.SessionStateProxy.Path.SetLocation(Path.GetDirectoryName(file)!);
        using var reader = new StreamReader(typeof(PesterRunner).Assembly.GetManifestResourceStream("Runner.ps1")!);
        try
        {
            Invoke(runspace, reader.ReadToEnd());
            discovery.Begin();
            using (var ps = PowerShell.Create(runspace))
            {
                ps.AddCommand(file, useLocalScope: false);
                Invoke(ps, output);
            }
            Invoke(runspace, "Invoke-PesterBlock $__pester.Root", output);
            return (discovery.Root, null);
        }
        catch (RuntimeException e)
        {
            return (discovery.Root, ErrorText.Of(e.ErrorRecord));
        }
    }

    private static void Invoke(Runspace runspace, string script, TextWriter? output = null)
    {
        using var ps = PowerShell.Create(runspace);
        ps.AddScript(script, useLocalScope: false);
        Invoke(ps, output);
    }

    private static void Invoke(PowerShell ps, TextWriter? output)
    {
        ps.Invoke();
        foreach (var error in ps.Streams.Error)
        {
            // Non-terminating errors fail no test in Pester either; they are shown.
            output?.WriteLine("  " + ErrorText.Of(error));
        }
        Debug.Assert(ps.InvocationStateInfo.State == PSInvocationState.Completed, "Invoke returns when the pipeline is done.");
    }
}
