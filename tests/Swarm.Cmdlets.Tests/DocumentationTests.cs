using System.Reflection;
using System.Text.RegularExpressions;
using Swarm.Cmdlets.Parameters;
using Swarm.MamlWriter;

namespace Swarm.Cmdlets.Tests;

public sealed class DocumentationTests
{
    private static string Docs => Path.Combine(RepositoryFolder.Path, "docs");

    public static TheoryData<string> Names => ConventionTests.Names;

    [Fact]
    public void Every_cmdlet_has_a_page_and_every_page_a_cmdlet()
    {
        var pages = Directory
            .GetFiles(Path.Combine(Docs, "en-US"), "*.md")
            .Select(p => Path.GetFileNameWithoutExtension(p)!)
            .Where(p => !p.StartsWith("about_", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        Assert.Equal(ConventionTests.Cmdlets.Keys.Order(StringComparer.Ordinal), pages);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Page_describes_every_parameter_and_nothing_else(string name)
    {
        var page = HelpPage.Read(Path.Combine(Docs, "en-US", name + ".md"));
        var type = ConventionTests.Cmdlets[name];
        var expected = ConventionTests.ParametersOf(type).ToList();
        if (type.GetCustomAttribute<CmdletAttribute>()!.SupportsShouldProcess)
        {
            expected.AddRange(["WhatIf", "Confirm"]);
        }
        var described = Regex.Matches(page, @"^### -(\w+)\n\n(.+)\n", RegexOptions.Multiline);
        Assert.Equal(expected.Order(StringComparer.Ordinal), described.Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
        Assert.All(
            described,
            m => Assert.True(m.Groups[2].Value.Length >= 8 && !m.Groups[2].Value.StartsWith("```", StringComparison.Ordinal))
        );
        foreach (Match syntax in Regex.Matches(page, @"(?<=[\[ ])-(\w+)(?= |\]|>)"))
        {
            // Syntax blocks and examples name no parameter that does not exist.
            if (
                Line(page, syntax.Index).StartsWith(name + " ", StringComparison.Ordinal)
                && !Line(page, syntax.Index).Contains('|', StringComparison.Ordinal)
            )
            {
                Assert.Contains(syntax.Groups[1].Value, expected);
            }
        }
        Assert.Contains("PlatyPS schema version: 2024-05-01", page, StringComparison.Ordinal);
        Assert.Contains("\n### Example 1: ", page, StringComparison.Ordinal);
        // PlatyPS marks missing text: "{{ Fill in the Description }}". Docker's placeholders begin with a dot or a function.
        Assert.DoesNotContain("{{ ", page, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Page_says_which_parameters_take_properties_of_objects_and_their_other_names(string name)
    {
        var page = HelpPage.Read(Path.Combine(Docs, "en-US", name + ".md"));
        foreach (
            Match section in Regex.Matches(page, @"^### -(\w+)\n.*?^```yaml\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
        )
        {
            var (parameter, yaml) = (section.Groups[1].Value, section.Groups[2].Value);
            if (ConventionTests.Cmdlets[name].GetProperty(parameter) is { } property)
            {
                Assert.True(
                    PipedObject.BindsByName(property) == yaml.Contains("ValueFromPipelineByPropertyName: true", StringComparison.Ordinal),
                    $"-{parameter}"
                );
                var aliases = (property.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? []).Order(StringComparer.Ordinal);
                var block = Regex.Match(yaml, @"^Aliases:\n((?:- \w+\n)+)", RegexOptions.Multiline).Groups[1].Value;
                Assert.Equal(aliases, Regex.Matches(block, @"\w+").Select(m => m.Value).Order(StringComparer.Ordinal));
            }
        }
    }

    [Fact]
    public void From_docker_names_only_what_exists_and_every_cmdlet_of_its_areas()
    {
        var page = File.ReadAllText(Path.Combine(Docs, "from-docker.md"));
        var named = Regex.Matches(page, "`([A-Z][a-z]+-Swarm[A-Za-z]*)((?: -?[A-Za-z]+)*)`");
        Assert.NotEmpty(named);
        foreach (Match match in named)
        {
            Assert.True(ConventionTests.Cmdlets.TryGetValue(match.Groups[1].Value, out var cmdlet), match.Value);
            foreach (Match parameter in Regex.Matches(match.Groups[2].Value, @"-(\w+)"))
            {
                var name = parameter.Groups[1].Value;
                Assert.True(
                    name == "WhatIf" || ConventionTests.ParametersOf(cmdlet!).Contains(name),
                    $"{match.Value}: there is no -{name}"
                );
            }
        }
        // Every option of a service has its row.
        var covered = named.SelectMany(m => Regex.Matches(m.Groups[2].Value, @"-(\w+)").Select(p => p.Groups[1].Value)).ToHashSet();
        string[] own = ["Session", "Timeout", "Name", "Mode", "Image"];
        Assert.Empty(ConventionTests.ParametersOf(ConventionTests.Cmdlets["New-SwarmService"]).Except(covered).Except(own));
    }

    // docker-flags.txt lists the flags of the docker command line itself; its first line says how to make it again.
    [Fact]
    public void From_docker_has_every_command_and_flag_of_docker_and_no_other()
    {
        var page = File.ReadAllText(Path.Combine(Docs, "from-docker.md"));
        var rows = Regex
            .Matches(page, @"^\| (`.*?) \| (.*) \|$", RegexOptions.Multiline)
            .Select(m => (Docker: m.Groups[1].Value, m.Groups[2].Value));
        HashSet<string> general = [];
        Dictionary<string, string> has = [];
        foreach (var (docker, swarm) in rows)
        {
            var command = "";
            foreach (Match code in Regex.Matches(docker, "`([^`]+)`"))
            {
                var text = code.Groups[1].Value;
                var named = Regex.Match(text, "^docker ((?:swarm|node|service) [a-z-]+)");
                // `docker a --x` and `docker b --y`; a flag alone belongs to the command before it, or to every command.
                command = named.Success ? named.Groups[1].Value : command;
                var flags = Regex.Matches(text, @"(?<= |^)--[a-z-]+").Select(m => m.Value).ToList();
                if (command.Length == 0)
                {
                    general.UnionWith(flags);
                    continue;
                }
                has.TryAdd(command, swarm);
                flags.ForEach(f => has.TryAdd($"{command} {f}", swarm));
            }
        }
        var settable = ConventionTests.ParametersOf(ConventionTests.Cmdlets["Set-SwarmService"]);
        var real = File.ReadAllLines(Path.Combine(RepositoryFolder.Path, "tests", "Swarm.Cmdlets.Tests", "docker-flags.txt"))
            .Where(l => !l.StartsWith('#'))
            .ToHashSet();
        var missing = real.Where(line =>
        {
            var words = line.Split(' ');
            // "Flags that are the same as those of create have the same parameter on Set-SwarmService."
            return !has.ContainsKey(line)
                && !general.Contains(words[^1])
                && !(
                    line.StartsWith("service update --", StringComparison.Ordinal)
                    && has.TryGetValue($"service create {words[^1]}", out var created)
                    && Regex.Match(created, @"New-SwarmService -(\w+)") is { Success: true } parameter
                    && settable.Contains(parameter.Groups[1].Value)
                );
        });
        Assert.Empty(missing);
        Assert.Empty(has.Keys.Except(real));
        Assert.NotEmpty(general);
    }

    private static string Line(string text, int index)
    {
        var start = text.LastIndexOf('\n', index) + 1;
        return text[start..text.IndexOf('\n', index)];
    }
}
