using System.Text;
using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace Swarm.MamlWriter;

/// <summary>An about topic as Get-Help shows it: plain text, headings in capitals, body indented, lines of 80 columns.</summary>
internal static class AboutTopic
{
    private const int Width = 80;
    private const string Indent = "    ";

    public static string ToText(string markdown)
    {
        var document = Markdown.Parse(markdown, new MarkdownPipelineBuilder().UseYamlFrontMatter().Build());
        var text = new StringBuilder();
        foreach (var block in document)
        {
            switch (block)
            {
                case YamlFrontMatterBlock:
                    break;
                case HeadingBlock heading:
                    text.Append(heading.Level == 2 ? CommandHelp.Text(heading.Inline).ToUpperInvariant() : CommandHelp.Text(heading.Inline))
                        .Append('\n');
                    break;
                case CodeBlock code:
                    foreach (var line in code.Lines.ToString().TrimEnd().Split('\n'))
                    {
                        text.Append(Indent).Append(Indent).Append(line).Append('\n');
                    }
                    text.Append('\n');
                    break;
                default:
                    foreach (var paragraph in CommandHelp.Paragraphs([block]))
                    {
                        Wrap(text, paragraph);
                    }
                    text.Append('\n');
                    break;
            }
        }

        return text.ToString();
    }

    private static void Wrap(StringBuilder text, string paragraph)
    {
        var column = 0;
        foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (column > 0 && column + 1 + word.Length > Width)
            {
                text.Append('\n');
                column = 0;
            }
            text.Append(column == 0 ? Indent : " ").Append(word);
            column += word.Length + (column == 0 ? Indent.Length : 1);
        }
        text.Append('\n');
    }
}
