using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Swarm.Agent.Executors;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;

namespace Swarm.Agent;

/// <summary>Docker's placeholders (<c>{{.Task.Slot}}</c>, <c>{{.Node.Hostname}}</c>, <c>{{index .Service.Labels "tier"}}</c>, …) in environment, host name
/// and mount sources. Source: moby/swarmkit template/context.go.</summary>
internal static partial class TemplateExpansion
{
    /// <exception cref="TaskRejectedException">A placeholder is unknown.</exception>
    /// <exception cref="SwarmException">The expanded host name or mount source is not valid.</exception>
    public static TaskDefinition Expand(TaskDefinition task, string nodeId, NodeDescription node)
    {
        var container = task.Spec.Container;
        if (!container.Env.Concat(container.Mounts.Select(m => m.Source)).Append(container.Hostname).Any(HasPlaceholder))
        {
            return task;
        }
        var expanded = container with
        {
            Env = container.Env.Select(Text).ToValueList(),
            Hostname = Text(container.Hostname),
            Mounts = container.Mounts.Select(m => m with { Source = Text(m.Source) }).ToValueList(),
        };
        ContainerSpecValidation.ValidateExpanded(expanded);
        return task with { Spec = task.Spec with { Container = expanded } };

        string Text(string text)
        {
            var result = new StringBuilder();
            var at = 0;
            while (text.IndexOf("{{", at, StringComparison.Ordinal) is >= 0 and var open)
            {
                var close = text.IndexOf("}}", open, StringComparison.Ordinal);
                if (close < 0)
                {
                    throw Unknown(text[open..]);
                }
                result.Append(text, at, open - at).Append(Value(text[(open + 2)..close].Trim('-').Trim()));
                at = close + 2;
            }
            return result.Append(text, at, text.Length - at).ToString();
        }

        string Value(string placeholder)
        {
            if (LabelOf().Match(placeholder) is { Success: true } match)
            {
                return task.Spec.Labels.TryGetValue(match.Groups[1].Value, out var label) ? label : "";
            }
            return placeholder switch
            {
                ".Service.ID" => task.ServiceId,
                ".Service.Name" => task.ServiceName,
                ".Node.ID" => nodeId,
                ".Node.Hostname" => node.Hostname,
                ".Node.Platform.OS" => node.Os,
                ".Node.Platform.Architecture" => node.Architecture,
                ".Task.ID" => task.TaskId,
                ".Task.Name" => task.ContainerName,
                // Global tasks have no slot number; Docker puts the node's id there.
                ".Task.Slot" => task.Slot == 0 ? nodeId : task.Slot.ToString(CultureInfo.InvariantCulture),
                _ => throw Unknown("{{" + placeholder + "}}"),
            };
        }
    }

    private static bool HasPlaceholder(string text) => text.Contains("{{", StringComparison.Ordinal);

    private static TaskRejectedException Unknown(string placeholder) =>
        new(
            "InvalidOption",
            $"Unknown template placeholder '{placeholder}': use .Service.ID, .Service.Name, .Node.ID, .Node.Hostname, .Node.Platform.OS, .Node.Platform.Architecture, .Task.ID, .Task.Name, .Task.Slot or index .Service.Labels \"name\"."
        );

    [GeneratedRegex("""^index\s+\.Service\.Labels\s+"([^"]+)"$""")]
    private static partial Regex LabelOf();
}
