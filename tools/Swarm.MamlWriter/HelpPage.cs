using System.Text.RegularExpressions;

namespace Swarm.MamlWriter;

/// <summary>The text of a help page, with the sections that it shares with other pages.</summary>
/// <remarks>A line <c>See [TEXT](includes/FILE).</c> stands for the file's sections. A section whose heading names cmdlets, as in
/// <c>### -RemoveEnv (Set-SwarmService)</c>, is for the pages of those only.</remarks>
internal static partial class HelpPage
{
    public static string Read(string file) =>
        IncludeLine()
            .Replace(
                File.ReadAllText(file),
                include =>
                    string.Concat(
                        Heading()
                            .Split(File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, include.Groups[1].Value)))
                            .Skip(1)
                            .Select(section => Section(section, Path.GetFileNameWithoutExtension(file)))
                    )
            );

    private static string Section(string section, string cmdlet)
    {
        var title = Title().Match(section);
        return title.Groups[2].Success && !title.Groups[2].Value.Split(", ").Contains(cmdlet)
            ? ""
            : $"### {title.Groups[1].Value}{section[title.Length..]}";
    }

    [GeneratedRegex(@"^See \[[^\]]+\]\((includes/[^)]+)\)\.\n\n", RegexOptions.Multiline)]
    private static partial Regex IncludeLine();

    [GeneratedRegex("^### ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\A(-\w+)(?: \(([^)]+)\))?")]
    private static partial Regex Title();
}
