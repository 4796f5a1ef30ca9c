using System.Xml.Linq;
using Swarm.MamlWriter;

namespace Swarm.Build.Tests;

public sealed class HelpFolderTests : IDisposable
{
    private static readonly XNamespace CommandNamespace = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private readonly string _target = Directory.CreateTempSubdirectory("swarm-help-").FullName;

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
