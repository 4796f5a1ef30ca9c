using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Core.Templates;

/// <summary>The templates of a container: values of environment variables, the host name, and sources, targets and volume labels of mounts. Source:
/// moby/swarmkit template/expand.go.</summary>
public static class ContainerTemplates
{
    /// <summary>Characters of all expanded texts of one task. Source: Linux gives arguments and environment of a program a quarter of its
    /// stack, which is 8 MiB by default.</summary>
    private const int LongestTogether = 2 * 1024 * 1024;

    /// <summary>Every text that is a template, in no order.</summary>
    internal static IEnumerable<TemplateText> Of(ContainerSpec spec)
    {
        var texts = new List<TemplateText>();
        Map(
            spec,
            (text, place) =>
            {
                texts.Add(new TemplateText(place, text));
                return text;
            }
        );
        return texts.Where(static t => TextTemplate.HasActions(t.Text));
    }

    /// <summary>The container with all its templates expanded; the same object when there are none.</summary>
    /// <exception cref="SwarmException">InvalidTemplate: a template cannot be read, or the result is too long.</exception>
    public static ContainerSpec Expand(ContainerSpec spec, TemplateContext context)
    {
        if (!Of(spec).Any())
        {
            return spec;
        }
        var length = 0;
        return Map(
            spec,
            (text, place) =>
            {
                if (!TextTemplate.HasActions(text))
                {
                    return text;
                }
                if (!TextTemplate.TryParse(text, out var template, out var error))
                {
                    throw new TemplateText(place, text).Refusal(error);
                }
                var expanded = template.Expand(context);
                length += expanded.Length;
                return length <= LongestTogether
                    ? expanded
                    : throw TemplateOutput.TooLong($"The templates become longer than {LongestTogether / (1024 * 1024)} MiB together.");
            }
        );
    }

    private static ContainerSpec Map(ContainerSpec spec, Func<string, TemplatePlace, string> change) =>
        spec with
        {
            Env = spec.Env.Select(e => OfVariable(e, change)).ToValueList(),
            Hostname = change(spec.Hostname, new TemplatePlace("The host name", spec.Hostname)),
            Mounts = spec
                .Mounts.Select(m =>
                    m with
                    {
                        Source = change(
                            m.Source,
                            new TemplatePlace($"The source of the mount at '{TemplateOutput.Cut(m.Target)}'", m.Source)
                        ),
                        Target = change(m.Target, new TemplatePlace("The target of a mount", m.Target)),
                        VolumeLabels = ValueMap.From(
                            m.VolumeLabels.Select(l => new KeyValuePair<string, string>(
                                l.Key,
                                change(
                                    l.Value,
                                    new TemplatePlace(
                                        $"The volume label '{TemplateOutput.Cut(l.Key)}' of the mount at '{TemplateOutput.Cut(m.Target)}'",
                                        l.Key
                                    )
                                )
                            ))
                        ),
                    }
                )
                .ToValueList(),
        };

    /// <summary>Only the value is a template, not the name.</summary>
    private static string OfVariable(string variable, Func<string, TemplatePlace, string> change)
    {
        var equals = variable.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return variable;
        }
        var name = variable[..equals];
        return string.Concat(
            variable.AsSpan(0, equals + 1),
            change(
                variable[(equals + 1)..],
                new TemplatePlace($"The value of the environment variable '{TemplateOutput.Cut(name)}'", name, MayBeSecret: true)
            )
        );
    }
}
