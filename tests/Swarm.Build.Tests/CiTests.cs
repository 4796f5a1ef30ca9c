using System.Diagnostics;

namespace Swarm.Build.Tests;

/// <summary>The count of CI, with a build.sh, a gcc and a dotnet that only say what they were asked.</summary>
public sealed class CiTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-ci-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_package_without_a_native_swarmd_is_a_failure()
    {
        var (output, code) = await RunAsync(package: "");
        Assert.Equal(("3 passed, 1 failed, 0 skipped", 1), (output[^1], code));
        Assert.Contains(
            output,
            static l => l.StartsWith("FAILED: Package has succeeded and left no native swarmd", StringComparison.Ordinal)
        );
        Assert.DoesNotContain("asked: TestPackage", output);
    }

    [Fact]
    public async Task A_native_swarmd_is_attacked_and_taken_by_the_tests()
    {
        var (output, code) = await RunAsync(
            package: "mkdir -p out/native/here && touch out/native/here/swarmd && chmod +x out/native/here/swarmd"
        );
        Assert.Equal(("4 passed, 0 failed, 0 skipped", 0), (output[^1], code));
        Assert.Contains("asked: TestPackage", output);
        Assert.Contains("asked: Test -Conformance Core -Swarmd out/native/here/swarmd", output);
    }

    [Fact]
    public async Task A_package_that_fails_is_one_failure()
    {
        var (output, code) = await RunAsync(package: "exit 1");
        Assert.Equal(("2 passed, 1 failed, 0 skipped", 1), (output[^1], code));
    }

    private async Task<(string[] Output, int Code)> RunAsync(string package)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "CI is a script for bash.");
        Directory.CreateDirectory(Path.Combine(_directory, ".ci"));
        File.Copy(Path.Combine(RepositoryFolder.Path, ".ci", "run"), Path.Combine(_directory, ".ci", "run"));
        Write(
            "build.sh",
            $"echo \"asked: $*\"\ncase $1 in\nPackage) {package} ;;\nQuickstart) ;;\n*) echo '1 passed, 0 failed, 0 skipped' ;;\nesac"
        );
        Write("gcc", "exit 0");
        Write("dotnet", "exit 0");
        var start = new ProcessStartInfo("bash", [Path.Combine(_directory, ".ci", "run")]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = _directory + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        using var process = Process.Start(start)!;
        var output = await Deadline.WaitAsync(process.StandardOutput.ReadToEndAsync(Cancel), "the output of .ci/run");
        await Deadline.WaitAsync(process.WaitForExitAsync(Cancel), "the end of .ci/run");
        return (output.Split('\n', StringSplitOptions.RemoveEmptyEntries), process.ExitCode);
    }

    private void Write(string name, string lines)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, $"#!/usr/bin/env bash\n{lines}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
