using System.Text.RegularExpressions;

namespace Swarm.MamlWriter;

/// <summary>The text of a help page, with the sections that it shares with other pages.</summary>
/// <remarks>A line <c>See [the TEXT](includes/FILE).</c> stands for the file's sections, and <c>[&lt;TEXT&gt;]</c> in the syntax for their parameters. A section
/// whose heading names cmdlets, as in <c>### -RemoveEnv (Set-SwarmService)</c>, is for the pages of those only.</remarks>
internal static partial class HelpPage
{
    public static string Read(string file)
    {
        var page = File.ReadAllText(file);
        foreach (Match include in IncludeLine().Matches(page))
        {
            var shared = File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, include.Groups["file"].Value));
            var sections = Heading().Split(shared).Skip(1).Select(s => Section(s, Path.GetFileNameWithoutExtension(file))).ToList();
            page = page.Replace(include.Value, string.Concat(sections), StringComparison.Ordinal);
            var mark = $"[<{include.Groups["text"].Value}>]";
            var lines = page.Split('\n')
                .Select(line =>
                    line.Contains(mark, StringComparison.Ordinal)
                        ? line.Replace(mark, Syntax(sections, line), StringComparison.Ordinal)
                        : line
                );
            page = string.Join('\n', lines);
        }
        return page;
    }

    private static string Section(string section, string cmdlet)
    {
        var title = Title().Match(section);
        return title.Groups[2].Success && !title.Groups[2].Value.Split(", ").Contains(cmdlet)
            ? ""
            : $"### {title.Groups[1].Value}{section[title.Length..]}";
    }

    /// <summary><c>[-Env &lt;string[]&gt;] [-Init]</c>: what a line of syntax does not name itself, with a position, has none.</summary>
    private static string Syntax(IEnumerable<string> sections, string line) =>
        string.Join(
            ' ',
            sections
                .Select(s => Parameter().Match(s))
                .Where(p => p.Success && !Regex.IsMatch(line, $@"{p.Groups["name"].Value}\b"))
                .Select(p => (Name: p.Groups["name"].Value, Type: p.Groups["type"].Value))
                .Select(p => p.Type == "System.Management.Automation.SwitchParameter" ? $"[{p.Name}]" : $"[{p.Name} <{ShortName(p.Type)}>]")
        );

    /// <summary>A type as PowerShell's syntax shows it: <c>string[]</c>, <c>long</c>, <c>NodeRole</c>.</summary>
    private static string ShortName(string type)
    {
        var (element, array) = type.EndsWith("[]", StringComparison.Ordinal) ? (type[..^2], "[]") : (type, "");
        var name = element.Replace("System.Nullable`1[", "", StringComparison.Ordinal).TrimEnd(']');
        var word = name switch
        {
            "System.String" => "string",
            "System.Boolean" => "bool",
            "System.Int32" => "int",
            "System.Int64" => "long",
            "System.Double" => "double",
            "System.Object" => "Object",
            _ => name[(name.LastIndexOf('.') + 1)..],
        };
        return word + array;
    }

    [GeneratedRegex(@"^See \[(?:the )?(?<text>[^\]]+)\]\((?<file>includes/[^)]+)\)\.\n\n", RegexOptions.Multiline)]
    private static partial Regex IncludeLine();

    [GeneratedRegex("^### ", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\A(-\w+)(?: \(([^)]+)\))?")]
    private static partial Regex Title();

    [GeneratedRegex(@"\A### (?<name>-\w+)\n.*?^Type: (?<type>\S+)$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Parameter();
}
