using System.Diagnostics;

namespace Swarm.Tests.Shared;

/// <summary>PowerShell in a process of its own: the program in SWARM_TEST_PWSH, else what tools/pwsh makes, of the same configuration as these tests.</summary>
internal static class Pwsh
{
    /// <summary>The output folder of tools/pwsh. Only test projects that refer to it can count on it.</summary>
    public static string Folder { get; } =
        Path.Combine(RepositoryFolder.Path, "tools", "pwsh", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");

    /// <summary>Runs <c>pwsh -NoProfile -NonInteractive</c> with these arguments to its end, without colours.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        IEnumerable<string> arguments,
        params (string Name, string? Value)[] variables
    )
    {
        var cancellation = TestContext.Current.CancellationToken;
        string[] program = Environment.GetEnvironmentVariable("SWARM_TEST_PWSH") is { Length: > 0 } named
            ? [named]
            : ["dotnet", Path.Combine(Folder, "pwsh.dll")];
        var start = new ProcessStartInfo(program[0], [.. program[1..], "-NoProfile", "-NonInteractive", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NO_COLOR"] = "1";
        start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        var output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, output, await errors);
    }

    /// <summary>Runs a script that must end well and say nothing on the error stream; returns its lines.</summary>
    public static async Task<string[]> RunScriptAsync(
        string script,
        string[]? arguments = null,
        params (string Name, string? Value)[] variables
    )
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("swarm-script-").FullName, "script.ps1");
        try
        {
            await File.WriteAllTextAsync(path, script);
            var (code, output, errors) = await RunAsync(["-File", path, .. arguments ?? []], variables);
            Assert.Equal("", errors);
            Assert.Equal(0, code);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }
}
