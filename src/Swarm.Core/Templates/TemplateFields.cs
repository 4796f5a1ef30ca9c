namespace Swarm.Core.Templates;

/// <summary>The fields of <see cref="TemplateContext"/> under their names in templates.</summary>
internal static class TemplateFields
{
    public const string Labels = ".Service.Labels";

    private static readonly Dictionary<string, Func<TemplateContext, string>> Texts = new(StringComparer.Ordinal)
    {
        [".Service.ID"] = static c => c.ServiceId,
        [".Service.Name"] = static c => c.ServiceName,
        [".Node.ID"] = static c => c.NodeId,
        [".Node.Hostname"] = static c => c.NodeHostname,
        [".Node.Platform.OS"] = static c => c.Os,
        [".Node.Platform.Architecture"] = static c => c.Architecture,
        [".Task.ID"] = static c => c.TaskId,
        [".Task.Name"] = static c => c.TaskName,
        [".Task.Slot"] = static c => c.TaskSlot,
    };

    public static string Known { get; } = string.Join(", ", Texts.Keys) + " or index .Service.Labels \"name\"";

    /// <exception cref="TemplateSyntaxException">There is no such field, or it is neither a text nor the labels.</exception>
    public static TemplateExpression Find(string name, int position)
    {
        if (Texts.TryGetValue(name, out var text))
        {
            return new(position, text);
        }
        if (name == Labels)
        {
            // As Go prints a map: in the order of its keys.
            return new(
                position,
                static c => $"map[{TemplateOutput.Join(" ", c.ServiceLabels.Select(static e => $"{e.Key}:{e.Value}"))}]",
                IsLabels: true
            );
        }
        if (name.StartsWith(Labels + ".", StringComparison.Ordinal))
        {
            throw new TemplateSyntaxException(
                $"write index .Service.Labels \"{TemplateOutput.Cut(name[(Labels.Length + 1)..])}\"",
                position
            );
        }
        var prefix = name == "." ? name : name + ".";
        throw Texts.Keys.Any(k => k.StartsWith(prefix, StringComparison.Ordinal))
            ? new TemplateSyntaxException($"'{name}' is not a text; expected {Known}", position)
            : new TemplateSyntaxException($"'{TemplateOutput.Cut(name)}' is not known; expected {Known}", position);
    }
}
