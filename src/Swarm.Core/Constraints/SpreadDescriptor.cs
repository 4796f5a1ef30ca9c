using System.Diagnostics.CodeAnalysis;
using Swarm.Core.Model;

namespace Swarm.Core.Constraints;

/// <summary>A label whose values tasks are spread over: <c>node.labels.zone</c> or <c>engine.labels.rack</c>.</summary>
public sealed class SpreadDescriptor
{
    private const string StrategyPrefix = "spread=";

    private SpreadDescriptor(ConstraintAttribute attribute, string label)
    {
        Attribute = attribute;
        Label = label;
    }

    /// <summary><see cref="ConstraintAttribute.NodeLabel"/> or <see cref="ConstraintAttribute.EngineLabel"/>.</summary>
    public ConstraintAttribute Attribute { get; }
    public string Label { get; }

    /// <summary>The descriptor as it is kept in a spec, without <c>spread=</c>.</summary>
    public string Text =>
        (Attribute == ConstraintAttribute.NodeLabel ? ConstraintParser.NodeLabelPrefix : ConstraintParser.EngineLabelPrefix) + Label;

    /// <summary>Reads a descriptor, with or without <c>spread=</c> before it.</summary>
    /// <exception cref="ConstraintSyntaxException">The expression cannot be read. The message says where, and what was
    /// expected.</exception>
    public static SpreadDescriptor Parse(string expression) =>
        TryParse(expression, out var descriptor, out var error) ? descriptor : throw error;

    /// <summary>Reads a descriptor without throwing.</summary>
    /// <param name="error">Where and why it cannot be read; null on success.</param>
    public static bool TryParse(
        string expression,
        [NotNullWhen(true)] out SpreadDescriptor? descriptor,
        [NotNullWhen(false)] out ConstraintSyntaxException? error
    )
    {
        ArgumentNullException.ThrowIfNull(expression);
        descriptor = null;
        error = null;
        var start = expression.Length - expression.AsSpan().TrimStart().Length;
        if (expression.AsSpan(start).StartsWith(StrategyPrefix, StringComparison.OrdinalIgnoreCase))
        {
            start += StrategyPrefix.Length;
            start += expression.Length - start - expression.AsSpan(start).TrimStart().Length;
        }
        var end = start + expression.AsSpan(start).TrimEnd().Length;
        var key = expression[start..end];
        if (!ConstraintParser.TryReadLabel(key, out var attribute, out var label))
        {
            var problem = key.Length == 0 ? "there is no label" : $"'{key}' is not a label";
            error = ConstraintParser.Error(expression, start, $"{problem}; expected node.labels.<name> or engine.labels.<name>");
            return false;
        }
        if (label.Length == 0)
        {
            error = ConstraintParser.Error(expression, end, "there is no label name; expected one after the last '.'");
            return false;
        }
        for (var i = 0; i < key.Length; i++)
        {
            if (!ConstraintParser.IsKeyCharacter(key[i]))
            {
                error = ConstraintParser.Error(
                    expression,
                    start + i,
                    $"'{key[i]}' cannot be part of a label name; expected a letter, a digit, '-', '_' or '.'"
                );
                return false;
            }
        }
        descriptor = new SpreadDescriptor(attribute, label);
        return true;
    }

    /// <summary>The node's value of the label; empty when it has none.</summary>
    public string ValueOf(Node node)
    {
        var labels = Attribute == ConstraintAttribute.NodeLabel ? node.Spec.Labels : node.Description.EngineLabels;
        return labels.TryGetValue(Label, out var value) ? value : "";
    }

    public override string ToString() => Text;
}
