namespace Swarm.Architecture.Tests;

/// <summary>Awaits are written alike everywhere.</summary>
public class AwaitTests
{
    /// <summary>The call without its argument, in parts, so that this file does not contain it.</summary>
    private const string Call = "ConfigureAwait" + "(";

    private static readonly string[] Folders = ["src", "tests", "tools"];

    /// <summary>swarmd and the tests have no synchronization context. In the cmdlets, code after an await must continue on the pipeline's
    /// thread. So ConfigureAwait(false) has no effect, or a wrong one. SuppressThrowing does have an effect.</summary>
    [Fact]
    public void ConfigureAwait_is_only_used_to_suppress_exceptions()
    {
        var found =
            from folder in Folders
            from file in Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Path, folder), "*.cs", SearchOption.AllDirectories)
            where !file.Split(Path.DirectorySeparatorChar).Any(p => p is "obj" or "bin")
            from line in File.ReadLines(file)
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
            where line.Contains(Call, StringComparison.Ordinal)
            where !line.Contains(Call + "ConfigureAwaitOptions.SuppressThrowing", StringComparison.Ordinal)
            select $"{Path.GetRelativePath(RepositoryFolder.Path, file)}: {line.Trim()}";

        Assert.Empty(found);
    }
}
