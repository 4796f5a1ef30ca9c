using System.Collections;
using Google.Protobuf.Collections;

namespace Swarm.Cmdlets.Parameters;

/// <summary>Labels that an object must have: <c>name</c>, <c>name=value</c>, or a dictionary.</summary>
internal sealed class LabelFilterAttribute : TransformAttribute
{
    /// <summary>True when the labels have all that is asked for.</summary>
    /// <param name="asked">As this attribute makes it.</param>
    /// <param name="labels">The object's labels.</param>
    public static bool Matches(string[] asked, MapField<string, string> labels) =>
        Array.TrueForAll(
            asked,
            a => a.Split('=', 2) is [var name, var value] ? labels.TryGetValue(name, out var own) && own == value : labels.ContainsKey(a)
        );

    protected override object? Convert(object? value, object? original) =>
        Each(value)
            .SelectMany(item =>
                item is IDictionary map ? map.Keys.Cast<object>().Select(k => $"{Text(k)}={Scalar(k, map[k])}") : [Text(item)]
            )
            .Select(static text =>
                text.Length == 0 || text[0] == '='
                    ? throw new FormatException($"'{text}' names no label. Write name, name=value, or @{{ name = 'value' }}.")
                    : text
            )
            .ToArray();
}
