using System.Xml.Linq;
using Swarm.MamlWriter;

namespace Swarm.Build.Tests;

public sealed class HelpFolderTests : IDisposable
{
    private static readonly XNamespace CommandNamespace = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private readonly string _target = Directory.CreateTempSubdirectory("swarm-help-").FullName;

    private string Pages => Path.Combine(_target, "pages");

    public void Dispose() => Directory.Delete(_target, recursive: true);

    private XElement Command()
    {
        HelpFolder.Convert(Path.Combine(AppContext.BaseDirectory, "Samples"), _target);
        return XDocument.Load(Path.Combine(_target, "Sample.dll-Help.xml")).Root!.Element(CommandNamespace + "command")!;
    }

    [Fact]
    public void Synopsis_and_description_lose_their_marks()
    {
        var command = Command();
        Assert.Equal("Gets samples by name.", command.Element(CommandNamespace + "details")!.Element(Maml + "description")!.Value);
        Assert.Equal(
            ["First paragraph on two lines.", "- a thing", "- another"],
            command.Element(Maml + "description")!.Elements(Maml + "para").Select(p => p.Value)
        );
    }

    [Fact]
    public void A_parameter_keeps_its_place_in_the_pipeline()
    {
        var parameter = Command().Element(CommandNamespace + "parameters")!.Element(CommandNamespace + "parameter")!;
        Assert.Equal("Name", parameter.Element(Maml + "name")!.Value);
        Assert.Equal("true", parameter.Attribute("globbing")!.Value);
        Assert.Equal("True (ByPropertyName, ByValue)", parameter.Attribute("pipelineInput")!.Value);
        Assert.Equal("0", parameter.Attribute("position")!.Value);
        Assert.Equal("Id", parameter.Attribute("aliases")!.Value);
        Assert.Equal("Names; wildcards are allowed.", parameter.Element(Maml + "description")!.Value);
    }

    [Fact]
    public void The_default_parameter_set_has_its_parameters_in_the_syntax()
    {
        var syntax = Command().Element(CommandNamespace + "syntax")!.Elements(CommandNamespace + "syntaxItem");
        Assert.Equal(["Name"], syntax.Select(s => s.Element(CommandNamespace + "parameter")!.Element(Maml + "name")!.Value));
    }

    [Fact]
    public void The_syntax_has_positions_first_then_what_must_be_given_then_the_rest_as_the_page_has_it()
    {
        WriteOrderedPage();
        HelpFolder.Convert(Pages, _target);
        var sets = Read("Ordered.dll-Help.xml")
            .Element(CommandNamespace + "syntax")!
            .Elements(CommandNamespace + "syntaxItem")
            .Select(s => string.Join(' ', s.Elements(CommandNamespace + "parameter").Select(p => p.Element(Maml + "name")!.Value)));
        Assert.Equal(["Name Number Zone Wait Area", "Number Zone Wait Area"], sets);
    }

    [Fact]
    public void Online_help_is_where_the_build_says_and_without_it_the_help_names_itself()
    {
        WriteOrderedPage();
        HelpFolder.Convert(Pages, _target, "https://example.org/help/{cmdlet}.html");
        Assert.Equal(
            [("Online help:", "https://example.org/help/Get-Ordered.html"), ("Get-Other", ""), ("Elsewhere", "https://example.org/else")],
            Links()
        );
        HelpFolder.Convert(Pages, _target);
        Assert.Equal(("", "local-help:Get-Help\u00A0Get-Ordered\u00A0-Full"), Links().First());
    }

    // Get-Help takes the syntax from the parameters' blocks, and PlatyPS from the line above: they say the same.
    [Fact]
    public void Every_line_of_syntax_in_thePages_has_the_parameters_of_its_set_in_their_order()
    {
        var pages = Directory
            .GetFiles(Path.Combine(RepositoryFolder.Path, "docs", "en-US"), "*-*.md")
            .Select(p => CommandHelp.Parse(p)!)
            .ToList();
        Assert.True(pages.Count > 40, $"{pages.Count} pages");
        Assert.All(
            pages.SelectMany(p => p.ParameterSets.Select(s => (Page: p, Set: s))),
            c => Assert.Equal((c.Page.Name, Names(c.Set.Sort(c.Page.Parameters))), (c.Page.Name, string.Join(' ', c.Set.Order)))
        );
        Assert.All(pages, p => Assert.All(p.Parameters, a => Assert.Contains(p.ParameterSets, s => Names(s.Sort([a])).Length > 0)));

        static string Names(IEnumerable<(ParameterHelp Parameter, ParameterPlace)> parameters) =>
            string.Join(' ', parameters.Select(p => p.Parameter.Name));
    }

    private IEnumerable<(string, string)> Links() =>
        Read("Ordered.dll-Help.xml")
            .Element(CommandNamespace + "relatedLinks")!
            .Elements()
            .Select(l => (l.Element(Maml + "linkText")!.Value, l.Element(Maml + "uri")!.Value));

    private XElement Read(string file) => XDocument.Load(Path.Combine(_target, file)).Root!.Element(CommandNamespace + "command")!;

    /// <summary>A page whose parameters come in the order of the alphabet, as PlatyPS writes pages.</summary>
    private void WriteOrderedPage()
    {
        Directory.CreateDirectory(Pages);
        string[] parameters =
        [
            Parameter("Area", ("(All)", "Named", false)),
            Parameter("Name", ("One", "0", true)),
            Parameter("Number", ("One", "1", false), ("Two", "0", false)),
            Parameter("Wait", ("(All)", "Named", false)),
            Parameter("Zone", ("(All)", "Named", true)),
        ];
        File.WriteAllText(
            Path.Combine(Pages, "Get-Ordered.md"),
            $"""
            ---
            document type: cmdlet
            external help file: Ordered.dll-Help.xml
            ---

            # Get-Ordered

            ## SYNTAX

            ### One (Default)

            ```
            Get-Ordered [-Name] <string> [[-Number] <int>] -Zone <string> [-Wait] [-Area <string>] [<CommonParameters>]
            ```

            ### Two

            ```
            Get-Ordered [[-Number] <int>] -Zone <string> [-Wait] [-Area <string>] [<CommonParameters>]
            ```

            ## PARAMETERS

            {string.Concat(parameters)}## RELATED LINKS

            - [Get-Other](Get-Other.md)
            - [Elsewhere](https://example.org/else)
            """
        );

        static string Parameter(string name, params (string Set, string Position, bool Required)[] places) =>
            $"### -{name}\n\nText.\n\n```yaml\nType: System.String\nParameterSets:\n"
            + string.Concat(
                places.Select(p => $"- Name: {p.Set}\n  Position: {p.Position}\n  IsRequired: {(p.Required ? "true" : "false")}\n")
            )
            + "```\n\n";
    }

    [Fact]
    public void An_example_has_its_code()
    {
        var example = Command().Element(CommandNamespace + "examples")!.Element(CommandNamespace + "example")!;
        Assert.Equal("Get-Sample -Name web*", example.Element(Dev + "code")!.Value);
    }

    [Fact]
    public void An_about_topic_is_wrapped_text()
    {
        Command();
        var lines = File.ReadAllLines(Path.Combine(_target, "about_Sample.help.txt"));
        Assert.Equal("about_Sample", lines[0], ignoreCase: true);
        Assert.All(lines, l => Assert.True(l.Length <= 80, l));
        Assert.Contains("        Get-Sample", lines);
    }

    [Fact]
    public void A_whole_page_has_the_sections_that_it_shares()
    {
        var folder = Directory.CreateTempSubdirectory("swarm-help-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "includes"));
            const string Many = "### -Many\n\nFor both.\n\n```yaml\nType: System.String[]\n```\n\n";
            const string Flag = "### -Flag\n\nFor both.\n\n```yaml\nType: System.Management.Automation.SwitchParameter\n```\n\n";
            const string Few = "### -Few (Set-Sample)\n\nFor one.\n\n```yaml\nType: System.Nullable`1[System.Int64]\n```\n\n";
            File.WriteAllText(Path.Combine(folder, "includes", "shared.md"), $"# Shared\n\n{Many}{Flag}{Few}");
            foreach (var name in new[] { "New-Sample", "Set-Sample" })
            {
                File.WriteAllText(
                    Path.Combine(folder, $"{name}.md"),
                    $"{name} [[-Many] <string[]>] [<what they share>]\n\nSee [what they share](includes/shared.md).\n\n## INPUTS\n"
                );
            }
            File.WriteAllText(Path.Combine(folder, "about_Sample.md"), "# about_Sample");
            HelpFolder.WritePages(folder, _target);
            Assert.Equal(2, Directory.GetFiles(_target).Length);
            Assert.Equal(
                $"New-Sample [[-Many] <string[]>] [-Flag]\n\n{Many}{Flag}## INPUTS\n",
                File.ReadAllText(Path.Combine(_target, "New-Sample.md"))
            );
            var set = File.ReadAllText(Path.Combine(_target, "Set-Sample.md"));
            Assert.StartsWith("Set-Sample [[-Many] <string[]>] [-Flag] [-Few <long>]\n", set, StringComparison.Ordinal);
            Assert.EndsWith($"{Few.Replace(" (Set-Sample)", "", StringComparison.Ordinal)}## INPUTS\n", set, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_page_without_front_matter_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("swarm-help-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "Get-Broken.md"), "# Get-Broken");
            var error = Assert.Throws<InvalidDataException>(() => HelpFolder.Convert(folder, _target));
            Assert.Contains("Get-Broken.md has no front matter", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
