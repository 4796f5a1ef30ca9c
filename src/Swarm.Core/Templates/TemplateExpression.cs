namespace Swarm.Core.Templates;

/// <summary>A value in an action: a text, or the service's labels. Its kind is known before any task is.</summary>
/// <param name="Position">Index in the template, from 0.</param>
/// <param name="Text">Computes the text; of labels, the one that Go prints for a map.</param>
/// <param name="IsLabels">True for the service's labels.</param>
/// <param name="Literal">The text, when it is written out in the template.</param>
internal sealed record TemplateExpression(int Position, Func<TemplateContext, string> Text, bool IsLabels = false, string? Literal = null);
