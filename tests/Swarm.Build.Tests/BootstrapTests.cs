using System.Diagnostics;

namespace Swarm.Build.Tests;

/// <summary>Which PowerShell build.sh takes, and how: with a pwsh and a dotnet on the path that only say how they were called.</summary>
public sealed class BootstrapTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-bootstrap-").FullName;
    private static readonly string Script = Path.Combine(RepositoryFolder.Path, "build.sh");
    private static readonly string Build = RepositoryFolder.Path + "/build.ps1";
    private static readonly string Own = RepositoryFolder.Path + "/out/pwsh/pwsh.dll";

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
        Assert.Equal(["pwsh " + string.Format(null, expected, Build)], output);
        Assert.Equal("", errors);
    }

    [Theory]
    [InlineData("PowerShell 7.5.4", "Test", "-NonInteractive")]
    [InlineData("PowerShell 7.5.4", "Shell", "-NoExit")]
    [InlineData("PowerShell 6.9.0", "Test", "-NonInteractive")]
    [InlineData("", "Test", "-NonInteractive")]
    public async Task An_older_one_is_named_and_our_own_is_taken(string version, string arguments, string mode)
    {
        var (output, errors) = await RunAsync(version, arguments);
        Assert.Equal($"dotnet {Own} -NoProfile {mode} -File {Build} {arguments}", output[^1]);
        Assert.Contains(version.Length > 0 ? version : "of unknown version", errors, StringComparison.Ordinal);
        Assert.Contains("7.6", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Build", "-NonInteractive")]
    [InlineData("Shell", "-NoExit")]
    public async Task Without_one_our_own_is_built_and_taken_and_nothing_said(string arguments, string mode)
    {
        var (output, errors) = await RunAsync(null, arguments);
        Assert.Equal(2, output.Length);
        Assert.StartsWith($"dotnet build {RepositoryFolder.Path}/tools/pwsh/pwsh.csproj ", output[0], StringComparison.Ordinal);
        Assert.Contains($" -o {Path.GetDirectoryName(Own)} ", output[0], StringComparison.Ordinal);
        Assert.Equal($"dotnet {Own} -NoProfile {mode} -File {Build} {arguments}", output[1]);
        Assert.Equal("", errors);
    }

    [Fact]
    public async Task Our_own_is_taken_when_it_is_asked_for()
    {
        var (output, errors) = await RunAsync("PowerShell 7.6.9", "Test", ("SWARM_BUILD_PWSH", "own"));
        Assert.Equal($"dotnet {Own} -NoProfile -NonInteractive -File {Build} Test", output[^1]);
        Assert.Equal("", errors);
    }

    // out/pwsh/pwsh, which build.ps1 starts, looks for the runtime there.
    [Theory]
    [InlineData(null)]
    [InlineData("/opt/dotnet")]
    public async Task The_runtime_is_named_unless_it_was(string? named)
    {
        var (output, _) = await RunAsync(null, "Test", ("DOTNET_ROOT", named), ("SHOW", "1"));
        Assert.Equal(named ?? _directory, output[^1]);
    }

    private async Task<(string[] Output, string Errors)> RunAsync(
        string? version,
        string arguments,
        params (string Name, string? Value)[] variables
    )
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "build.sh is for bash.");
        Write("dotnet", "echo \"dotnet $*\"; [ -z \"${SHOW:-}\" ] || echo \"${DOTNET_ROOT:-}\"");
        if (version is not null)
        {
            Write("pwsh", $"case \" $* \" in *' -Version '*) echo '{version}';; *) echo \"pwsh $*\";; esac");
        }
        // Only what the script itself uses: a pwsh that this machine has must not be found.
        foreach (var tool in new[] { "bash", "dirname", "readlink", "tr" })
        {
            File.CreateSymbolicLink(Path.Combine(_directory, tool), Find(tool));
        }
        var start = new ProcessStartInfo(Find("bash"), [Script, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = _directory;
        start.Environment.Remove("SWARM_BUILD_PWSH");
        start.Environment.Remove("DOTNET_ROOT");
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }
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
