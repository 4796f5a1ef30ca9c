using System.Diagnostics;

namespace Swarm.BuildHost.Tests;

/// <summary>The host that build.sh chooses, and its arguments: the pwsh and the dotnet on the path only report how they were
/// called.</summary>
public sealed class BootstrapTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-bootstrap-").FullName;
    private static readonly string s_script = Path.Combine(RepositoryFolder.Path, "build.sh");
    private static readonly string s_build = RepositoryFolder.Path + "/build.ps1";
    private static readonly string s_host = RepositoryFolder.Path + "/out/host/swarm-host.dll";

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("7.6.0", "Test -Filter Core", "-NoProfile -NonInteractive -File {0} Test -Filter Core")]
    [InlineData("7.10.2", "", "-NoProfile -NonInteractive -File {0}")]
    [InlineData("8.0.0-preview.1", "Build", "-NoProfile -NonInteractive -File {0} Build")]
    // A prompt: not without interaction, and not gone when the script ends.
    [InlineData("7.6.0", "Shell", "-NoProfile -NoExit -File {0} Shell")]
    [InlineData("7.6.0", "-Task shell", "-NoProfile -NoExit -File {0} -Task shell")]
    public async Task A_pwsh_that_is_new_enough_is_taken(string version, string arguments, string expected)
    {
        var (output, errors) = await RunAsync($"PowerShell {version}", arguments);
        Assert.Equal(["pwsh " + string.Format(null, expected, s_build)], output);
        Assert.Equal("", errors);
    }

    [Theory]
    [InlineData("PowerShell 7.5.4", "Test", "-File")]
    [InlineData("PowerShell 7.5.4", "Shell", "-Interactive")]
    [InlineData("PowerShell 6.9.0", "Test", "-File")]
    [InlineData("", "Test", "-File")]
    public async Task An_older_one_is_named_and_our_own_host_is_taken(string version, string arguments, string mode)
    {
        var (output, errors) = await RunAsync(version, arguments);
        Assert.Equal($"dotnet {s_host} {mode} {s_build} {arguments}", output[^1]);
        Assert.Contains(version.Length > 0 ? version : "of unknown version", errors, StringComparison.Ordinal);
        Assert.Contains("7.6", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Build", "-File")]
    [InlineData("Shell", "-Interactive")]
    public async Task Without_one_our_own_host_is_taken_and_nothing_said(string arguments, string mode)
    {
        var (output, errors) = await RunAsync(null, arguments);
        Assert.Equal($"dotnet {s_host} {mode} {s_build} {arguments}", output[^1]);
        Assert.Equal("", errors);
    }

    private async Task<(string[] Output, string Errors)> RunAsync(string? version, string arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "build.sh is for bash.");
        Write("dotnet", "echo \"dotnet $*\"");
        if (version is not null)
        {
            Write("pwsh", $"case \" $* \" in *' -Version '*) echo '{version}';; *) echo \"pwsh $*\";; esac");
        }
        // Only what the script itself uses: a pwsh that this machine has must not be found.
        foreach (var tool in new[] { "bash", "dirname", "tr" })
        {
            File.CreateSymbolicLink(Path.Combine(_directory, tool), Find(tool));
        }
        var start = new ProcessStartInfo(Find("bash"), [s_script, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = _directory;
        start.Environment.Remove("SWARM_BUILD_HOST");
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        return (output.Split('\n', StringSplitOptions.RemoveEmptyEntries), await errors);
    }

    private void Write(string name, string line)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, $"#!{Find("bash")}\n{line}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static string Find(string tool) =>
        Environment
            .GetEnvironmentVariable("PATH")!
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, tool))
            .First(File.Exists);
}
