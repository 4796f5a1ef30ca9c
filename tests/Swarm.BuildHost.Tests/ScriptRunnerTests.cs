using Swarm.BuildHost.Hosting;

namespace Swarm.BuildHost.Tests;

/// <summary>The exit code of a script is the one of <c>pwsh -File</c>: a failed build or test run must not look like a good one.</summary>
public sealed class ScriptRunnerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-scripts-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("$null", 0)]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("param($Task) function Stop-It { exit 4 }; switch ($Task) { 'Test' { Stop-It } }", 4)]
    [InlineData("param([switch] $Fast, [string] $Task) if ($Fast -and $Task -eq 'Test') { exit 5 }", 5)]
    [InlineData("throw 'no'", 1)]
    public void Is_the_exit_code(string script, int code) => Assert.Equal(code, Run(script));

    [Fact]
    public void A_native_program_that_fails_is_not_the_scripts_failure()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs sh");
        Assert.Equal(0, Run("& sh -c 'exit 5'; $null"));
    }

    [Fact]
    public void The_end_of_the_prompt_is_told_to_who_waits_for_it()
    {
        var file = Path.Combine(_directory, "ended");
        var path = Path.Combine(_directory, "shell.ps1");
        File.WriteAllText(
            path,
            $"$file = '{file}'\n"
                + "$end = { [IO.File]::WriteAllText($file, (Get-Command Get-Help).Name) }.GetNewClosure()\n"
                + "$null = $ExecutionContext.Events.SubscribeEvent($null, $null, 'PowerShell.Exiting', $null, $end, $true, $false)"
        );
        var before = Console.In;
        Console.SetIn(new StringReader("$x = 1\n"));
        try
        {
            Assert.Equal(0, ScriptRunner.Run(path, [], interactive: true));
        }
        finally
        {
            Console.SetIn(before);
        }
        Assert.Equal("Get-Help", File.ReadAllText(file));
    }

    private int Run(string script)
    {
        var path = Path.Combine(_directory, "script.ps1");
        File.WriteAllText(path, script);
        return ScriptRunner.Run(
            path,
            script.Contains("$Fast", StringComparison.Ordinal) ? ["-Fast", "-Task", "Test"]
                : script.Contains("$Task", StringComparison.Ordinal) ? ["Test"]
                : [],
            interactive: false
        );
    }
}
