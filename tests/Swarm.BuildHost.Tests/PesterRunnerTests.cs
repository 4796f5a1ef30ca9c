using Swarm.BuildHost.Pester;

namespace Swarm.BuildHost.Tests;

public sealed class PesterRunnerTests
{
    private static (int Code, string[] Lines) Run(string sample)
    {
        using var output = new StringWriter();
        var code = PesterRunner.Run([Path.Combine(AppContext.BaseDirectory, "Samples", sample)], output);
        return (code, output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    // The counts are what Pester 5.9 counts in the same files: failed tests, blocks and containers.
    [Theory]
    [InlineData("Mixed.Tests.ps1", "12 passed, 8 failed, 4 skipped", 1)]
    [InlineData("Teardown.Tests.ps1", "4 passed, 10 failed, 1 skipped", 1)]
    [InlineData("Views.Tests.ps1", "4 passed, 0 failed, 0 skipped", 0)]
    public void Counts_are_those_of_Pester(string sample, string counts, int exitCode)
    {
        var (code, lines) = Run(sample);
        Assert.Equal(counts, lines[^1]);
        Assert.Equal(exitCode, code);
    }

    [Fact]
    public void Names_carry_their_data()
    {
        var (_, lines) = Run("Mixed.Tests.ps1");
        Assert.Contains(lines, l => l.Contains("[+] Data.case 2 is two", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("[+] Data.value 3", StringComparison.Ordinal));
    }

    [Fact]
    public void A_skip_prints_its_reason()
    {
        var (_, lines) = Run("Mixed.Tests.ps1");
        Assert.Contains(lines, l => l.Contains("skips itself skipped, because no engine", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_not_implemented_fails()
    {
        var (code, lines) = Run("Unknown.Tests.ps1");
        Assert.Equal("0 passed, 4 failed, 0 skipped", lines[^1]);
        Assert.Equal(1, code);
    }

    [Fact]
    public void A_missing_path_is_refused()
    {
        var (code, lines) = Run("Nowhere.Tests.ps1");
        Assert.Equal(64, code);
        Assert.Contains("is neither a file nor a folder", Assert.Single(lines), StringComparison.Ordinal);
    }
}
