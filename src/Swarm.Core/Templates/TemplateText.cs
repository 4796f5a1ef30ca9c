using System.Globalization;
using Swarm.Core.Errors;

namespace Swarm.Core.Templates;

/// <summary>A template of a container.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Text">The template.</param>
internal sealed record TemplateText(TemplatePlace Place, string Text)
{
    /// <summary>Characters of a template that an error shows with a caret under the mistake.</summary>
    private const int LongestShown = 120;

    /// <summary>The refusal of this template, on one line.</summary>
    /// <param name="error">The mistake in it.</param>
    public SwarmException Refusal(TemplateSyntaxException error) => Refuse(error, "");

    /// <summary>The refusal of this template, with a caret under the mistake where the text may be shown.</summary>
    /// <param name="error">The mistake in it.</param>
    public SwarmException RefusalWithCaret(TemplateSyntaxException error)
    {
        if (Place.MayBeSecret || Text.Length > LongestShown)
        {
            return Refuse(error, "");
        }
        // Control characters would move the caret.
        var shown = VisibleText.Blank(Text);
        return Refuse(error, $"\n  {shown}\n  {new string(' ', error.Position)}^");
    }

    // People and editors count columns from 1.
    private SwarmException Refuse(TemplateSyntaxException error, string caret) =>
        new(
            SwarmErrorKind.InvalidArgument,
            "InvalidTemplate",
            string.Create(CultureInfo.InvariantCulture, $"{Place.Name}, column {error.Position + 1}: {error.Message}.{caret}"),
            Place.Target,
            "Write {{.Task.Slot}} or the like, and {{\"{{\"}} for two braces; about_Swarm_Services lists what templates can name.",
            error
        );
}
