namespace Swarm.Build.Tests;

/// <summary>tools/build/Invoke-TestFile.ps1: what fails in Pester is counted and shown, whichever way it fails.</summary>
public sealed class TestFileTests
{
    private static readonly string Runner = Path.Combine(RepositoryFolder.Path, "tools", "build", "Invoke-TestFile.ps1");

    private static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "Samples", name);

    private static async Task<(int Code, string[] Lines)> RunAsync(params string[] arguments)
    {
        var (code, output, errors) = await Pwsh.RunAsync(["-File", Runner, .. arguments], ("SWARM_ACCEPTANCE_LAB", "/nowhere"));
        return (code, (output + errors).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [Fact]
    public async ValueTask Tests_blocks_and_files_that_fail_are_counted()
    {
        var (code, lines) = await RunAsync(Sample("Mixed.Tests.ps1"), Sample("Teardown.Tests.ps1"), Sample("Empty.Tests.ps1"));
        Assert.Equal("16 passed, 19 failed, 5 skipped", lines[^1]);
        Assert.Equal(1, code);
        // Names carry their data; a failure its reason and its place, a skip its reason.
        Assert.Contains(lines, l => l.StartsWith("[+] case 2 is two", StringComparison.Ordinal));
        var failure = Array.FindIndex(lines, l => l.StartsWith("[-] fails on a difference", StringComparison.Ordinal));
        Assert.Equal("Expected 2, but got 1.", lines[failure + 1]);
        Assert.EndsWith("Mixed.Tests.ps1:45", lines[failure + 2], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("[!] skips itself is skipped, because no engine", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.EndsWith("Empty.Tests.ps1 holds no test.", StringComparison.Ordinal));
    }

    [Fact]
    public async ValueTask The_kind_of_swarm_is_the_one_that_is_named()
    {
        var (code, lines) = await RunAsync("-Executor", "Docker", "-Plane", "docker", Sample("Kind.Tests.ps1"));
        Assert.Equal(("1 passed, 0 failed, 0 skipped", 0), (lines[^1], code));
    }

    [Fact]
    public async ValueTask A_file_that_is_not_there_is_named()
    {
        var (code, lines) = await RunAsync(Sample("Nowhere.Tests.ps1"));
        Assert.Equal(1, code);
        Assert.Contains("Nowhere.Tests.ps1", string.Join(' ', lines), StringComparison.Ordinal);
        Assert.DoesNotContain(lines, l => l.Contains("passed", StringComparison.Ordinal));
    }
}
