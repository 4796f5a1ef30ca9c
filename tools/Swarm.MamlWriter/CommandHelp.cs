using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using YamlDotNet.RepresentationModel;

namespace Swarm.MamlWriter;

/// <summary>A cmdlet's help page, read from markdown in PlatyPS's schema.</summary>
internal sealed partial record CommandHelp
{
    public const string AllSets = "(All)";

    public required string Name { get; init; }
    public required string HelpFile { get; init; }
    public string Synopsis { get; init; } = "";
    public IReadOnlyList<ParameterSetHelp> ParameterSets { get; init; } = [];
    public IReadOnlyList<string> Description { get; init; } = [];
    public IReadOnlyList<ExampleHelp> Examples { get; init; } = [];
    public IReadOnlyList<ParameterHelp> Parameters { get; init; } = [];
    public IReadOnlyList<(string Name, string Text)> Inputs { get; init; } = [];
    public IReadOnlyList<(string Name, string Text)> Outputs { get; init; } = [];
    public IReadOnlyList<string> Notes { get; init; } = [];
    public IReadOnlyList<(string Text, string Address)> Links { get; init; } = [];

    /// <summary>Null for a page that is not a cmdlet's (the module page).</summary>
    /// <exception cref="InvalidDataException">The page breaks the schema; the message names file and place.</exception>
    public static CommandHelp? Parse(string file)
    {
        var text = HelpPage.Read(file);
        var document = Markdown.Parse(text, new MarkdownPipelineBuilder().UseYamlFrontMatter().Build());
        var front = document.OfType<YamlFrontMatterBlock>().FirstOrDefault() ?? throw Broken(file, "has no front matter");
        var matter = Yaml(file, front.Lines.ToString());
        if (Scalar(matter, "document type") != "cmdlet")
        {
            return null;
        }
        var sections = new Sections(document.Where(b => b is not YamlFrontMatterBlock).ToList(), 2);
        var parameters = new List<ParameterHelp>();
        foreach (var (title, blocks) in new Sections(sections["PARAMETERS"], 3).All)
        {
            if (title.StartsWith('-'))
            {
                parameters.Add(Parameter(file, title[1..], blocks));
            }
        }
        var sets = new Sections(sections["SYNTAX"], 3).All.Select(s => Set(file, s)).ToList();
        return new CommandHelp
        {
            Name = Path.GetFileNameWithoutExtension(file),
            HelpFile = Scalar(matter, "external help file") is { Length: > 0 } name
                ? name
                : throw Broken(file, "names no external help file"),
            Synopsis = string.Join(" ", Paragraphs(sections["SYNOPSIS"])),
            ParameterSets = sets.Count > 0 ? sets : [new ParameterSetHelp(AllSets, [])],
            Description = Paragraphs(sections["DESCRIPTION"]),
            Examples = [.. new Sections(sections["EXAMPLES"], 3).All.Select(Example)],
            Parameters = parameters,
            Inputs = Types(sections["INPUTS"]),
            Outputs = Types(sections["OUTPUTS"]),
            Notes = Paragraphs(sections["NOTES"]),
            Links =
            [
                .. sections["RELATED LINKS"]
                    .SelectMany(b => b.Descendants<LinkInline>())
                    .Select(l => (string.Concat(l.Select(i => i.ToString())), l.Url ?? "")),
            ],
        };
    }

    private static ParameterSetHelp Set(string file, (string Title, IReadOnlyList<Block> Blocks) section)
    {
        var line =
            section.Blocks.OfType<FencedCodeBlock>().FirstOrDefault()?.Lines.ToString()
            ?? throw Broken(file, $"shows no syntax of the parameter set {section.Title}");
        return new ParameterSetHelp(WithoutMark(section.Title), [.. SyntaxName().Matches(line).Select(m => m.Groups[1].Value)]);
    }

    /// <summary>PlatyPS marks the heading of the default parameter set.</summary>
    private static string WithoutMark(string title) => title.EndsWith(" (Default)", StringComparison.Ordinal) ? title[..^10] : title;

    private static ExampleHelp Example((string Title, IReadOnlyList<Block> Blocks) section)
    {
        var code = section.Blocks.OfType<FencedCodeBlock>().Select(c => c.Lines.ToString().TrimEnd());
        return new ExampleHelp(
            section.Title,
            string.Join("\n\n", code),
            Paragraphs([.. section.Blocks.Where(b => b is not FencedCodeBlock)])
        );
    }

    private static ParameterHelp Parameter(string file, string name, IReadOnlyList<Block> blocks)
    {
        var code =
            blocks.OfType<FencedCodeBlock>().LastOrDefault(c => c.Info == "yaml") ?? throw Broken(file, $"has no yaml block for -{name}");
        var yaml = Yaml(file, code.Lines.ToString());
        var places =
            yaml.Children.TryGetValue("ParameterSets", out var sets) && sets is YamlSequenceNode list ? list.OfType<YamlMappingNode>() : [];
        var parsed = places
            .Select(p => new ParameterPlace(
                Scalar(p, "Name"),
                Scalar(p, "Position"),
                Flag(p, "IsRequired"),
                Flag(p, "ValueFromPipeline"),
                Flag(p, "ValueFromPipelineByPropertyName")
            ))
            .ToList();
        return new ParameterHelp(
            name,
            Scalar(yaml, "Type"),
            Scalar(yaml, "DefaultValue"),
            Flag(yaml, "SupportsWildcards"),
            List(yaml, "Aliases"),
            List(yaml, "AcceptedValues"),
            Paragraphs([.. blocks.Where(b => b != code)]),
            parsed.Count > 0 ? parsed : throw Broken(file, $"places -{name} in no parameter set")
        );
    }

    private static List<(string Name, string Text)> Types(IReadOnlyList<Block> blocks) =>
        [.. new Sections(blocks, 3).All.Select(s => (s.Title, string.Join(" ", Paragraphs(s.Blocks))))];

    /// <summary>Prose as plain text: emphasis, code marks and links are only their words; list items begin with a dash.</summary>
    internal static IReadOnlyList<string> Paragraphs(IReadOnlyList<Block> blocks)
    {
        var result = new List<string>();
        foreach (var block in blocks)
        {
            switch (block)
            {
                case HeadingBlock heading:
                    result.Add(Text(heading.Inline));
                    break;
                case ParagraphBlock paragraph:
                    result.Add(Text(paragraph.Inline));
                    break;
                case CodeBlock code:
                    result.Add(code.Lines.ToString().TrimEnd());
                    break;
                case ListBlock list:
                    result.AddRange(list.OfType<ListItemBlock>().Select(item => "- " + string.Join(" ", Paragraphs([.. item]))));
                    break;
                case ContainerBlock container:
                    result.AddRange(Paragraphs([.. container]));
                    break;
            }
        }
        return result;
    }

    internal static string Text(ContainerInline? inline)
    {
        var text = new StringBuilder();
        foreach (var part in inline ?? [])
        {
            text.Append(
                part switch
                {
                    CodeInline code => code.Content,
                    LineBreakInline => " ",
                    ContainerInline container => Text(container),
                    HtmlEntityInline entity => entity.Transcoded.ToString(),
                    _ => part.ToString(),
                }
            );
        }
        return text.ToString();
    }

    private static YamlMappingNode Yaml(string file, string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text.Trim().Trim('-')));
        }
        catch (YamlDotNet.Core.YamlException e)
        {
            throw Broken(file, $"has a yaml block that cannot be read ({e.Message})");
        }
        return stream.Documents.Count > 0 && stream.Documents[0].RootNode is YamlMappingNode map
            ? map
            : throw Broken(file, "has an empty yaml block");
    }

    private static string Scalar(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) && value is YamlScalarNode scalar ? scalar.Value ?? "" : "";

    private static bool Flag(YamlMappingNode node, string key) => Scalar(node, key).Equals("true", StringComparison.OrdinalIgnoreCase);

    private static IReadOnlyList<string> List(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) && value is YamlSequenceNode list
            ? [.. list.OfType<YamlScalarNode>().Select(s => s.Value ?? "")]
            : [];

    // A name in a line of syntax stands after a blank or an opening bracket: "[[-Name] <string[]>] [-Wait]". The cmdlet's own dash does not.
    [GeneratedRegex(@"(?<=[\s\[])-(\w+)")]
    private static partial Regex SyntaxName();

    private static InvalidDataException Broken(string file, string what) => new($"The help page {file} {what}.");

    /// <summary>Blocks by the heading of a level that they stand under.</summary>
    private sealed class Sections
    {
        public Sections(IReadOnlyList<Block> blocks, int level)
        {
            List<Block>? current = null;
            foreach (var block in blocks)
            {
                if (block is HeadingBlock heading && heading.Level == level)
                {
                    current = [];
                    All.Add((Text(heading.Inline), current));
                }
                else
                {
                    current?.Add(block);
                }
            }
        }

        public List<(string Title, IReadOnlyList<Block> Blocks)> All { get; } = [];

        public IReadOnlyList<Block> this[string title] => All.FirstOrDefault(s => s.Title == title).Blocks ?? [];
    }
}
