using System.Text.RegularExpressions;

namespace Swarm.Architecture.Tests;

/// <summary>Folders and files as a reader finds them.</summary>
public partial class RoomsTests
{
    private const int MostFiles = 16;
    private const string Commands = "Swarm.Cmdlets.Commands";

    [Fact]
    public void A_namespace_is_its_folder()
    {
        var wrong =
            from file in Sources("src")
            let text = File.ReadAllText(file)
            let found = Namespace().Match(text)
            where found.Success
            let folder = Path.GetRelativePath(Path.Combine(RepositoryFolder.Path, "src"), Path.GetDirectoryName(file)!)
                .Replace(Path.DirectorySeparatorChar, '.')
            // The types that scripts name are of the namespace Swarm.
            where folder != "Swarm.Shared"
            // The id of an error ends with the name of its cmdlet's type. Ids stay.
            let room = folder.StartsWith(Commands, StringComparison.Ordinal) ? Commands : folder
            where found.Groups[1].Value != room
            select $"{file}: {found.Groups[1].Value}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void A_folder_is_small_enough_to_be_taken_in()
    {
        var large = Sources("src").Concat(Sources("tests")).GroupBy(f => Path.GetDirectoryName(f)).Where(g => g.Count() > MostFiles);

        Assert.Empty(large.Select(g => $"{g.Key}: {g.Count()} files"));
    }

    [Fact]
    public void A_file_is_short_enough_to_be_read_in_one_go()
    {
        var long_ = Sources("src").Concat(Sources("tests")).Where(f => File.ReadLines(f).Count() > 500);

        Assert.Empty(long_);
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(RepositoryFolder.Path, folder), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(p => p is "obj" or "bin"));

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
