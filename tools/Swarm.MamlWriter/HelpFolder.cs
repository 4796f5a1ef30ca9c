namespace Swarm.MamlWriter;

/// <summary>A folder of help pages, in markdown of PlatyPS's schema (2024-05-01).</summary>
internal static class HelpFolder
{
    /// <summary>Writes the cmdlets' pages as PlatyPS reads them: each with the sections that it shares with others.</summary>
    public static void WritePages(string pages, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.GetFiles(pages, "*.md").Where(f => !IsAboutTopic(f)))
        {
            File.WriteAllText(Path.Combine(target, Path.GetFileName(file)), HelpPage.Read(file));
        }
    }

    /// <summary>Writes one MAML file for each help file that pages name, and one text file for each about topic.</summary>
    /// <param name="online">See <see cref="MamlFile.Write"/>.</param>
    /// <exception cref="InvalidDataException">A page breaks the schema; the message names file and place.</exception>
    public static void Convert(string pages, string target, string? online = null)
    {
        Directory.CreateDirectory(target);
        var byFile = new SortedDictionary<string, List<CommandHelp>>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(pages, "*.md").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (IsAboutTopic(file))
            {
                File.WriteAllText(Path.Combine(target, name + ".help.txt"), AboutTopic.ToText(File.ReadAllText(file)));
            }
            else if (CommandHelp.Parse(file) is { } help)
            {
                if (!byFile.TryGetValue(help.HelpFile, out var list))
                {
                    byFile[help.HelpFile] = list = [];
                }
                list.Add(help);
            }
        }
        foreach (var (name, commands) in byFile)
        {
            MamlFile.Write(Path.Combine(target, name), commands, online);
        }
    }

    private static bool IsAboutTopic(string file) => Path.GetFileName(file).StartsWith("about_", StringComparison.Ordinal);
}
