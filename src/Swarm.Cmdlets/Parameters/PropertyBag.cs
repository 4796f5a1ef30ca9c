using System.Collections;
using System.Globalization;

namespace Swarm.Cmdlets.Parameters;

/// <summary>An object that has properties and nothing else: of ConvertFrom-Json, Import-Clixml, a remote session, or [pscustomobject]. It is used as the
/// dictionary that it stands for.</summary>
internal sealed class PropertyBag(PSObject source)
{
    /// <summary>The properties with their texts. The text of an enumeration is its word, also where it was deserialized as a number.</summary>
    public IEnumerable<KeyValuePair<string, string>> Texts =>
        source.Properties.Select(p => new KeyValuePair<string, string>(p.Name, Text(p.Value)));

    public object? this[string property] => source.Properties[property]?.Value;

    /// <summary>Whether it is a copy of an object of this module.</summary>
    public bool IsOf(string type) => SelectorAttribute.TypeOf(source) == type;

    public Hashtable ToHashtable()
    {
        Hashtable map = new(StringComparer.Ordinal);
        foreach (var property in source.Properties)
        {
            map[property.Name] = property.Value;
        }
        return map;
    }

    public override string ToString() => string.Join(",", Texts.Select(p => $"{p.Key}={p.Value}"));

    private static string Text(object? value) =>
        value is PSObject wrapped && wrapped.TypeNames.Any(t => t.StartsWith("Deserialized.", StringComparison.Ordinal))
            ? wrapped.ToString()
            : Convert.ToString(TransformAttribute.Unwrap(value), CultureInfo.InvariantCulture) ?? "";
}
