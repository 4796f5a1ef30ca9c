namespace Swarm.Host.Tests.Hosting;

/// <summary>The commands of docs/recorded-commands.md: the commands for systems that are not available here, also for readers.</summary>
internal static class RecordedCommands
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "recorded-commands.md"))
        .ReplaceLineEndings("\n");

    /// <summary>The code below a heading of the page.</summary>
    public static string Of(string heading)
    {
        var section = Page.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        Assert.True(section >= 0, $"docs/recorded-commands.md has no section '{heading}'");
        var begin = Page.IndexOf("\n```\n", section, StringComparison.Ordinal) + "\n```\n".Length;
        return Page[begin..Page.IndexOf("\n```\n", begin, StringComparison.Ordinal)];
    }
}
