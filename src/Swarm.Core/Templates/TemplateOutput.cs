using System.Text;
using Swarm.Core.Errors;

namespace Swarm.Core.Templates;

/// <summary>Joins what a template becomes, within a limit: a few characters of a template can name a large label many times.</summary>
internal static class TemplateOutput
{
    /// <summary>Characters of one expanded text. Source: Linux (MAX_ARG_STRLEN): the kernel takes no longer environment variable.</summary>
    public const int LongestText = 128 * 1024;

    /// <exception cref="SwarmException">InvalidTemplate: the result is too long.</exception>
    public static string Join(string separator, IEnumerable<string> parts)
    {
        var result = new StringBuilder();
        var first = true;
        foreach (var part in parts)
        {
            if (!first)
            {
                result.Append(separator);
            }
            first = false;
            result.Append(part);
            if (result.Length > LongestText)
            {
                throw TooLong($"A template becomes longer than {LongestText / 1024} KiB.");
            }
        }
        return result.ToString();
    }

    public static SwarmException TooLong(string message) =>
        new(SwarmErrorKind.InvalidArgument, "InvalidTemplate", message, action: "Use shorter labels, or name them in fewer places.");

    /// <summary>The beginning of a text, for messages.</summary>
    public static string Cut(string text) => text.Length > 40 ? text[..40] + "…" : text;
}
