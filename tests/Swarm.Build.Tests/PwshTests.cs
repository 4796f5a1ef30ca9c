namespace Swarm.Build.Tests;

/// <summary>tools/pwsh builds a complete PowerShell, and on other systems without the parts for Windows.</summary>
public sealed class PwshTests
{
    // A failed build or test run must not look like a good one.
    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("function Stop-It { exit 4 }; Stop-It", 4)]
    [InlineData("throw 'no'", 1)]
    public async ValueTask The_exit_code_is_the_scripts(string script, int code)
    {
        Assert.Equal(code, (await Pwsh.RunAsync(["-Command", script])).ExitCode);
    }

    [Fact]
    public async ValueTask Its_modules_are_listed_and_work()
    {
        var lines = await Pwsh.RunScriptAsync(
            """
            Get-Module -ListAvailable | Where-Object ModuleBase -Like "$PSHOME*" | ForEach-Object Name | Sort-Object
            (ConvertTo-Json @{ a = 1 } -Compress), (Test-Path $PSHOME), (ConvertFrom-SecureString (ConvertTo-SecureString x -AsPlainText) -AsPlainText)
            Add-Type 'public static class Sample { public static int Answer => 42; }'
            [Sample]::Answer
            """
        );
        string[] modules = ["Host", "Management", "Security", "Utility"];
        Assert.Equal(modules, lines[..^4].Select(l => l.Replace("Microsoft.PowerShell.", "", StringComparison.Ordinal)).Intersect(modules));
        Assert.Equal(["""{"a":1}""", "True", "x", "42"], lines[^4..]);
    }

    [Fact]
    public void It_carries_nothing_that_is_for_Windows_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "This is Windows.");
        var files = Directory
            .GetFiles(Pwsh.Folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Pwsh.Folder, f))
            .ToList();
        Assert.Contains("System.Management.Automation.dll", files);
        string[] foreign =
        [
            "runtimes",
            "mi.dll",
            "Microsoft.Management.Infrastructure.Native",
            "Microsoft.Management.Infrastructure.CimCmdlets",
            "Microsoft.WSMan",
            "System.Speech",
            "System.Windows.Extensions",
            "System.Management.dll",
            "System.Net.Http.WinHttpHandler",
        ];
        Assert.DoesNotContain(files, f => foreign.Any(p => f.StartsWith(p, StringComparison.Ordinal)));
        // A dependency that is listed and missing would prevent the start.
        var dependencies = File.ReadAllText(Path.Combine(Pwsh.Folder, "pwsh.deps.json"));
        Assert.DoesNotContain("System.Speech.dll", dependencies, StringComparison.Ordinal);
    }
}
