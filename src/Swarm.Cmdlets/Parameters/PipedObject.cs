using System.Collections;
using System.Globalization;
using System.Reflection;
using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Parameters;

/// <summary>The options that an object of the pipeline gives to a cmdlet: a row of a CSV file, a [pscustomobject], a service to copy.</summary>
/// <remarks>The engine binds properties to parameters by name. It does not tell an empty cell from a value, and a parameter counts as bound when a later
/// object lacks it. So the object itself is asked here.</remarks>
internal sealed class PipedObject
{
    /// <summary>Stands between the values of a cell.</summary>
    internal const char Separator = ';';

    private readonly PSObject _source;
    private readonly string _type;
    private readonly string _ownType;
    private readonly Dictionary<string, (PropertyInfo Parameter, PSPropertyInfo Member)> _members = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="ownType">See <see cref="ITakesObjects.OwnType"/>.</param>
    public PipedObject(Type cmdlet, PSObject source, string ownType)
    {
        _source = source;
        _type = SelectorAttribute.TypeOf(source);
        _ownType = ownType;
        foreach (var parameter in cmdlet.GetProperties())
        {
            if (BindsByName(parameter) && Find(parameter) is { } member)
            {
                _members.Add(parameter.Name, (parameter, member));
            }
        }
    }

    /// <summary>An object of this module whose properties are its state: it names what to change.</summary>
    public bool IsState => _type.Length > 0 && _type != _ownType;

    /// <summary>The object may give options, so that the next one may give others.</summary>
    public bool HasOptions => !IsState && _members.Count > 0;

    /// <summary>Parameters that a property of the object is bound to, whatever its value.</summary>
    public IEnumerable<string> Parameters => _members.Keys;

    public bool IsOfType(string type) => _type == type;

    public object? this[string property] => _source.Properties[property]?.Value;

    /// <summary>Whether the object has a value for the parameter. An empty cell, an empty list and null are none.</summary>
    public bool Gives(string parameter) => !IsState && _members.TryGetValue(parameter, out var found) && !IsEmpty(found.Member.Value);

    /// <summary>Gives parameters that take several values the parts of a cell: <c>80:80;443:443</c>.</summary>
    /// <exception cref="SwarmException">InvalidValue.</exception>
    public void SplitCells(object cmdlet, Func<string, bool> isOnCommandLine)
    {
        foreach (var (name, (parameter, member)) in _members)
        {
            if (
                TakesSeveral(parameter)
                && !isOnCommandLine(name)
                && TransformAttribute.Unwrap(member.Value) is string cell
                && cell.Contains(Separator, StringComparison.Ordinal)
            )
            {
                try
                {
                    parameter.SetValue(cmdlet, Convert(parameter, TransformAttribute.Parts(cell)));
                }
                catch (FormatException e)
                {
                    throw new SwarmException("InvalidValue", e.Message, name, $"Correct {member.Name} of the object.");
                }
            }
        }
    }

    /// <summary>Names of properties that were changed after the object was read. An object of another session is compared with
    /// <paramref name="present"/>, as long as that has the same version: otherwise the difference may be somebody else's.</summary>
    /// <param name="present">The object of the same type, as it is now.</param>
    public IReadOnlyList<string> EditsSince(object present)
    {
        var origin = ReadObjects.Find(_source.BaseObject);
        var now = PSObject.AsPSObject(origin ?? present);
        return
            _type == SelectorAttribute.TypeOf(now)
            && (origin is not null || new[] { "Id", "Version" }.All(name => Describe(this[name]) == Describe(now.Properties[name]?.Value)))
            ?
            [
                .. _members
                    .Values.Select(m => m.Member)
                    // The replicas of a global service follow its nodes.
                    .Where(m => m.Name is not ("Name" or "Id") && !(m.Name == "Replicas" && Describe(this["Mode"]) == "Global"))
                    .Where(m => Describe(m.Value) != Describe(now.Properties[m.Name]?.Value))
                    .Select(m => m.Name)
                    .Order(StringComparer.Ordinal),
            ]
            : [];
    }

    internal static bool BindsByName(PropertyInfo parameter) =>
        parameter.GetCustomAttributes<ParameterAttribute>(inherit: false).Any(p => p.ValueFromPipelineByPropertyName);

    private static bool TakesSeveral(PropertyInfo parameter) =>
        parameter.PropertyType.IsArray || typeof(IDictionary).IsAssignableFrom(parameter.PropertyType);

    // As the engine looks for it: the parameter's name, then its aliases.
    private PSPropertyInfo? Find(PropertyInfo parameter) =>
        new[] { parameter.Name }
            .Concat(parameter.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? [])
            .Select(name => _source.Properties[name])
            .FirstOrDefault(member => member is not null);

    private static object? Convert(PropertyInfo parameter, object? value)
    {
        foreach (var transform in parameter.GetCustomAttributes<TransformAttribute>())
        {
            value = transform.Read(value);
        }
        return LanguagePrimitives.ConvertTo(value, parameter.PropertyType, CultureInfo.InvariantCulture);
    }

    private static bool IsEmpty(object? value) =>
        TransformAttribute.Unwrap(value) switch
        {
            null => true,
            string text => string.IsNullOrWhiteSpace(text),
            ICollection many => many.Count == 0,
            _ => false,
        };

    /// <summary>A text that is equal for equal values, live or from Import-Clixml.</summary>
    private static string Describe(object? value) =>
        TransformAttribute.Unwrap(value) switch
        {
            null => "",
            string text => text,
            IDictionary map => string.Join(
                '\n',
                map.Keys.Cast<object>().Select(k => $"{Describe(k)}={Describe(map[k])}").Order(StringComparer.Ordinal)
            ),
            IEnumerable many => string.Join('\n', many.Cast<object?>().Select(Describe)),
            // Its text is the name, also where it was deserialized as a number.
            _ when value is PSObject wrapped && wrapped.TypeNames.Any(t => t.StartsWith("Deserialized.", StringComparison.Ordinal)) =>
                IsBag(wrapped) ? DescribeProperties(wrapped) : wrapped.ToString(),
            IConvertible or TimeSpan => System.Convert.ToString(TransformAttribute.Unwrap(value), CultureInfo.InvariantCulture)!,
            { } other => DescribeProperties(PSObject.AsPSObject(other)),
        };

    private static bool IsBag(PSObject item) => item.BaseObject is PSCustomObject;

    private static string DescribeProperties(PSObject item) =>
        string.Join('\n', item.Properties.Select(p => $"{p.Name}={Describe(p.Value)}").Order(StringComparer.Ordinal));
}
