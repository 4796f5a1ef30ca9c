using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Core.Validation;

/// <summary>The rule for what a node says of itself: nothing that a terminal would obey, and no name with a character that nobody sees. Managers show it to
/// administrators.</summary>
public static class NodeTexts
{
    /// <summary>Every text of a description, with the words for it.</summary>
    /// <remarks>A text that is no name may have emoji that are composed of others: it is shown as it is (<see cref="VisibleText.Of"/>).</remarks>
    public static IEnumerable<(string What, string Text, bool IsName)> Of(NodeDescription description)
    {
        yield return ("host name", description.Hostname, true);
        yield return ("operating system", description.Os, false);
        yield return ("architecture", description.Architecture, true);
        yield return ("engine version", description.EngineVersion, true);
        yield return ("executor", description.Executor, true);
        yield return ("swarmd version", description.SwarmdVersion, true);
        foreach (var plugin in description.Plugins)
        {
            yield return ("name of a plugin", plugin, true);
        }
        foreach (var warning in description.Warnings)
        {
            yield return ("warning", warning, false);
        }
        foreach (var (name, value) in description.EngineLabels)
        {
            yield return ("name of an engine label", name, true);
            yield return ("value of an engine label", value, false);
        }
    }

    /// <exception cref="SwarmException">InvalidText.</exception>
    public static void Validate(NodeDescription description)
    {
        foreach (var (what, text, isName) in Of(description))
        {
            Validate(what, text, isName);
        }
    }

    /// <param name="what">The words for the text, such as <c>host name</c>.</param>
    /// <param name="text">The text of the node.</param>
    /// <param name="isName">It names something: nothing in it may be invisible.</param>
    /// <exception cref="SwarmException">InvalidText.</exception>
    public static void Validate(string what, string text, bool isName = true)
    {
        if (!VisibleText.IsPlain(text) && (isName || VisibleText.Of(text) != text))
        {
            var shown = VisibleText.OfName(text);
            throw ServiceSpecValidation.Refuse(
                "InvalidText",
                $"The {what} that the node reports has a control character, or one that is invisible: '{(shown.Length > 100 ? shown[..100] + "…" : shown)}'.",
                what,
                "Correct it on that node, and start its swarmd again."
            );
        }
    }

    /// <summary>The description with visible escapes in the place of hidden characters: an engine may have such a label, and its node still
    /// serves.</summary>
    public static NodeDescription Visible(NodeDescription description) =>
        Of(description).All(static t => VisibleText.IsPlain(t.Text))
            ? description
            : description with
            {
                Hostname = VisibleText.OfName(description.Hostname),
                Os = VisibleText.Of(description.Os),
                Architecture = VisibleText.OfName(description.Architecture),
                EngineVersion = VisibleText.OfName(description.EngineVersion),
                Executor = VisibleText.OfName(description.Executor),
                SwarmdVersion = VisibleText.OfName(description.SwarmdVersion),
                Plugins = description.Plugins.Select(VisibleText.OfName).ToValueList(),
                Warnings = description.Warnings.Select(VisibleText.Of).ToValueList(),
                EngineLabels = ValueMap.From(
                    description.EngineLabels.Select(l => KeyValuePair.Create(VisibleText.OfName(l.Key), VisibleText.Of(l.Value)))
                ),
            };
}
