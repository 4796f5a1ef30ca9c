using System.Text.RegularExpressions;
using System.Xml.Linq;
using Swarm.MamlWriter;

namespace Swarm.Build.Tests;

/// <summary>Our writer says of docs/en-US what PlatyPS says of it, with parameters in the same order. The pages are in its schema, and can be kept with it.
/// Layout is each writer's own. PlatyPS makes links to pages of files, which a package does not have.</summary>
public sealed partial class PlatyPSTests : IDisposable
{
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private readonly string _folder = Directory.CreateTempSubdirectory("swarm-platyps-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async ValueTask Both_writers_say_the_same()
    {
        var whole = Path.Combine(_folder, "pages");
        HelpFolder.WritePages(Pages, whole);
        var lines = await Pwsh.RunScriptAsync(
            """
            param($export, $pages, $target)
            $platyPS = Get-Module Microsoft.PowerShell.PlatyPS -ListAvailable
            if ($platyPS) { & $export $pages $target }
            [bool]$platyPS
            """,
            [Path.Combine(RepositoryFolder.Path, "tools", "build", "Export-PlatyPSHelp.ps1"), whole, Path.Combine(_folder, "theirs")]
        );
        Assert.SkipUnless(lines[^1] == "True", "Microsoft.PowerShell.PlatyPS is not installed.");
        HelpFolder.Convert(Pages, Path.Combine(_folder, "ours"));
        var theirs = Read("theirs");
        Assert.True(theirs.Count > 40, $"{theirs.Count} commands");
        var ours = Read("ours");
        Assert.Equal(theirs.Keys, ours.Keys);
        Assert.All(theirs, pair => Assert.Equal(pair.Value, ours[pair.Key]));
    }

    private static string Pages => Path.Combine(RepositoryFolder.Path, "docs", "en-US");

    private SortedDictionary<string, List<string>> Read(string folder)
    {
        var file = XDocument.Load(Path.Combine(_folder, folder, "Swarm.Cmdlets.dll-Help.xml"));
        var commands = file.Root!.Elements(Command + "command").ToDictionary(c => Text(c, Command + "details", Command + "name"), Facts);
        return new(commands, StringComparer.Ordinal);
    }

    private static List<string> Facts(XElement command)
    {
        var details = command.Element(Command + "details")!;
        return
        [
            $"{Text(details, Command + "verb")}-{Text(details, Command + "noun")}: {Text(details, Maml + "description")}",
            $"description: {Text(command, Maml + "description")}",
            $"notes: {Text(command, Maml + "alertSet")}",
            .. command
                .Element(Command + "parameters")!
                .Elements()
                .Select(p => $"parameter {Place(p)} {About(p)}")
                .Order(StringComparer.Ordinal),
            .. command
                .Element(Command + "syntax")!
                .Elements()
                .Select(s => "syntax " + string.Join(", ", s.Elements(Command + "parameter").Select(Place)))
                .Order(StringComparer.Ordinal),
            .. command.Element(Command + "examples")!.Elements().Select(e => "example " + Fences().Replace(Text(e), "")),
            .. (command.Element(Command + "inputTypes")?.Elements() ?? []).Select(t => "input " + Text(t)),
            .. (command.Element(Command + "returnValues")?.Elements() ?? []).Select(t => "output " + Text(t)),
            .. command
                .Element(Command + "relatedLinks")!
                .Elements()
                .Skip(1) // the address of online help
                .Select(l => "link " + Text(l, Maml + "linkText")),
        ];
    }

    private static string Place(XElement parameter) =>
        $"-{Text(parameter, Maml + "name")} required {Attribute(parameter, "required")} position {Attribute(parameter, "position")}";

    private static string About(XElement parameter)
    {
        var pipeline = Words().Matches(Attribute(parameter, "pipelineInput")).Select(m => m.Value).Order(StringComparer.Ordinal);
        return $"pipeline {string.Join(' ', pipeline)} wildcards {Attribute(parameter, "globbing")} aliases {Attribute(parameter, "aliases")} "
            + $"type {Text(parameter, Dev + "type")} value {Text(parameter, Command + "parameterValue")} "
            + $"of {Text(parameter, Command + "parameterValueGroup")}: {Text(parameter, Maml + "description")}";
    }

    private static string Attribute(XElement element, string name) => element.Attribute(name)!.Value.ToLowerInvariant();

    /// <summary>The text of an element below, without the marks, breaks and blanks that each writer sets in its own way.</summary>
    private static string Text(XElement element, params XName[] path)
    {
        var found = path.Aggregate((XElement?)element, (e, name) => e?.Element(name));
        return Blanks().Replace(found?.Value ?? "", "");
    }

    // PlatyPS ends a paragraph of an example with U+0080.
    [GeneratedRegex("[\\s\u0080]+|(?<!`)`(?!`)")]
    private static partial Regex Blanks();

    // PlatyPS keeps an example's code as Markdown; both set the title between dashes.
    [GeneratedRegex("```(powershell)?|-{9,}")]
    private static partial Regex Fences();

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Words();
}
