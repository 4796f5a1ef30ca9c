namespace Swarm.Architecture.Tests.Words;

/// <summary>Reads the comments and documents of the repository's sources; what a build writes is left out.</summary>
internal static class RepositoryProse
{
    private static readonly string[] Written = [".git", ".vs", ".idea", "out", "TestResults"];

    public static IEnumerable<Prose> ReadAll() =>
        Files(new DirectoryInfo(RepositoryFolder.Path))
            .OrderBy(f => f.FullName, StringComparer.Ordinal)
            .SelectMany(f => Read(Path.GetRelativePath(RepositoryFolder.Path, f.FullName), File.ReadAllText(f.FullName)));

    /// <summary>Strings of swarmd and the module with at least five words, without programs in them (which have brackets or pipes).</summary>
    public static IEnumerable<Prose> ReadMessages() =>
        Files(new DirectoryInfo(Path.Combine(RepositoryFolder.Path, "src")))
            .Where(f => f.Extension == ".cs")
            .OrderBy(f => f.FullName, StringComparer.Ordinal)
            .SelectMany(f =>
            {
                var reader = new SlashCommentReader(File.ReadAllText(f.FullName));
                _ = reader.Read();
                return reader.Strings.Select(s => s with { File = Path.GetRelativePath(RepositoryFolder.Path, f.FullName) });
            })
            .Where(s => s.Text.Split(' ').Length >= 5 && s.Text.AsSpan().IndexOfAny("|$\\") < 0);

    public static IEnumerable<Prose> Read(string file, string source) =>
        Path.GetExtension(file) switch
        {
            ".cs" or ".proto" => CommentProse.Paragraphs(file, new SlashCommentReader(source).Read()),
            ".ps1" or ".psm1" or ".psd1" => CommentProse.Paragraphs(file, new HashCommentReader(source, true).Read()),
            ".sh" => CommentProse.Paragraphs(file, new HashCommentReader(source, false).Read()),
            ".md" => new MarkdownProse(file).Read(source),
            "" when source.StartsWith("#!", StringComparison.Ordinal) => CommentProse.Paragraphs(
                file,
                new HashCommentReader(source, false).Read()
            ),
            _ => [],
        };

    private static IEnumerable<FileInfo> Files(DirectoryInfo folder) =>
        folder
            .EnumerateDirectories()
            .Where(d => !Written.Contains(d.Name) && !IsOutput(d) && d.LinkTarget is null)
            .SelectMany(Files)
            .Concat(folder.EnumerateFiles());

    /// <summary>The folders bin and obj of a project; a folder bin can also hold sources.</summary>
    private static bool IsOutput(DirectoryInfo folder) =>
        folder.Name == "obj" || (folder.Name == "bin" && folder.EnumerateDirectories().Any(d => d.Name is "Release" or "Debug"));
}
