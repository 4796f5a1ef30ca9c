using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Core.Validation;

/// <summary>The rule for what a node says of itself: nothing that a terminal would obey. Managers show it to administrators.</summary>
public static class NodeTexts
{
    /// <summary>Every text of a description, with the words for it.</summary>
    public static IEnumerable<(string What, string Text)> Of(NodeDescription description)
    {
        yield return ("host name", description.Hostname);
        yield return ("operating system", description.Os);
        yield return ("architecture", description.Architecture);
        yield return ("engine version", description.EngineVersion);
        yield return ("executor", description.Executor);
        yield return ("swarmd version", description.SwarmdVersion);
        foreach (var plugin in description.Plugins)
        {
            yield return ("name of a plugin", plugin);
        }
        foreach (var warning in description.Warnings)
        {
            yield return ("warning", warning);
        }
        foreach (var (name, value) in description.EngineLabels)
        {
            yield return ("name of an engine label", name);
            yield return ("value of an engine label", value);
        }
    }

    /// <exception cref="SwarmException">InvalidText.</exception>
    public static void Validate(NodeDescription description)
    {
        foreach (var (what, text) in Of(description))
        {
            Validate(what, text);
        }
    }

    /// <param name="what">The words for the text, such as <c>host name</c>.</param>
    /// <param name="text">The text of the node.</param>
    /// <exception cref="SwarmException">InvalidText.</exception>
    public static void Validate(string what, string text)
    {
        if (!VisibleText.IsPlain(text))
        {
            var shown = VisibleText.Of(text);
            throw ServiceSpecValidation.Refuse(
                "InvalidText",
                $"The {what} that the node reports has a control character: '{(shown.Length > 100 ? shown[..100] + "…" : shown)}'.",
                what,
                "Correct it on that node, and start its swarmd again."
            );
        }
    }

    /// <summary>The description with visible escapes in the place of control characters: an engine may have such a label, and its node
    /// still serves.</summary>
    public static NodeDescription Visible(NodeDescription description) =>
        Of(description).All(t => VisibleText.IsPlain(t.Text))
            ? description
            : description with
            {
                Hostname = VisibleText.Of(description.Hostname),
                Os = VisibleText.Of(description.Os),
                Architecture = VisibleText.Of(description.Architecture),
                EngineVersion = VisibleText.Of(description.EngineVersion),
                Executor = VisibleText.Of(description.Executor),
                SwarmdVersion = VisibleText.Of(description.SwarmdVersion),
                Plugins = description.Plugins.Select(VisibleText.Of).ToValueList(),
                Warnings = description.Warnings.Select(VisibleText.Of).ToValueList(),
                EngineLabels = ValueMap.From(
                    description.EngineLabels.Select(l => KeyValuePair.Create(VisibleText.Of(l.Key), VisibleText.Of(l.Value)))
                ),
            };
}
