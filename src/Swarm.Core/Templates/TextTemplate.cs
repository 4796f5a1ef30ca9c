using System.Diagnostics.CodeAnalysis;
using Swarm.Core.Errors;

namespace Swarm.Core.Templates;

/// <summary>A text with actions such as <c>{{.Task.Slot}}</c>, as Docker has them in services: a part of Go's text/template.</summary>
/// <remarks>Supported are the fields of <see cref="TemplateContext"/>, texts in quotes, pipes, parentheses, comments, trim markers and the
/// functions index, join, print, println, printf, or and and. Everything else of Go's is refused by name. Every mistake is found
/// when the template is read, except for a result that is too long.</remarks>
public sealed class TextTemplate
{
    private readonly IReadOnlyList<TemplateExpression> _parts;

    private TextTemplate(IReadOnlyList<TemplateExpression> parts) => _parts = parts;

    /// <summary>True when the text has an action, or the beginning of one.</summary>
    public static bool HasActions(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Contains(TemplateParser.Opening, StringComparison.Ordinal);
    }

    /// <summary>Reads a template.</summary>
    /// <exception cref="TemplateSyntaxException">The template cannot be read. The exception says where, and what was expected.</exception>
    public static TextTemplate Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new TextTemplate(new TemplateParser(text).Read());
    }

    /// <summary>Reads a template.</summary>
    /// <param name="text">The template.</param>
    /// <param name="template">The result; null when there is an error.</param>
    /// <param name="error">Where and why the template cannot be read; null on success.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out TextTemplate? template,
        [NotNullWhen(false)] out TemplateSyntaxException? error
    )
    {
        try
        {
            (template, error) = (Parse(text), null);
            return true;
        }
        catch (TemplateSyntaxException e)
        {
            (template, error) = (null, e);
            return false;
        }
    }

    /// <summary>The text for one task.</summary>
    /// <exception cref="SwarmException">InvalidTemplate: the result is longer than 128 KiB.</exception>
    public string Expand(TemplateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return TemplateOutput.Join("", _parts.Select(p => p.Text(context)));
    }
}
