using System.Text.RegularExpressions;

namespace Swarm.Cmdlets.Parameters;

/// <summary>The words for a parameter in a sentence.</summary>
internal static partial class ParameterWords
{
    /// <summary>"update delay" for UpdateDelay.</summary>
    public static string Of(string parameter) => Capital().Replace(parameter, " $1").ToLowerInvariant();

    [GeneratedRegex("(?<!^)([A-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex Capital();
}
