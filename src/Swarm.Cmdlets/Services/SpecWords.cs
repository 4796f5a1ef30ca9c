using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

/// <summary>Changes of a service in the words of the parameters that make them: "image web:1 → web:2". Values of environment variables are not
/// shown.</summary>
internal static partial class SpecWords
{
    private const string Nothing = "(none)";

    /// <summary>Fields that more than a <see cref="SpecFieldAttribute"/> decides about, with the parameter for each.</summary>
    private static readonly Dictionary<string, string> Others = new(StringComparer.Ordinal)
    {
        ["replicated.replicas"] = nameof(ServiceSpecCmdlet.Replicas),
        ["container.health_check.test"] = nameof(ServiceSpecCmdlet.HealthCommand),
        ["force_update"] = nameof(ServiceUpdateCmdlet.ForceUpdate),
    };

    /// <summary>The field of each parameter that sets one, by the parameter's name.</summary>
    private static readonly SortedDictionary<string, SpecField> Fields = new(
        ServiceOption
            .All.Values.Where(static o => o is { Field: not null, Use: not SpecFieldUse.Remove })
            .Select(static o => KeyValuePair.Create(o.Name, o.Field!))
            .Concat(Others.Select(static o => KeyValuePair.Create(o.Value, new SpecField(o.Key))))
            .ToDictionary(),
        StringComparer.Ordinal
    );

    /// <summary>A phrase for each parameter whose value differs, in the order of their names. Empty: nothing differs.</summary>
    public static IReadOnlyList<string> Changes(V1.ServiceSpec before, V1.ServiceSpec after)
    {
        var (from, to) = (ServiceSpecDefaults.Complete(before.Clone()), ServiceSpecDefaults.Complete(after.Clone()));
        List<string> phrases = [];
        foreach (var (name, field) in Fields)
        {
            var (old, now) = (field.Get(from), field.Get(to));
            if (Difference(field, old, now) is { Length: > 0 } difference)
            {
                phrases.Add(field.Path == "force_update" ? ParameterWords.Of(name) : $"{ParameterWords.Of(name)} {difference}");
            }
        }
        return phrases;
    }

    /// <summary>The parameter of a property of a spec's JSON, with its dash; a property without one keeps its name.</summary>
    /// <param name="property">As in <c>container.stopGracePeriod</c>; it may lie below the parameter's field.</param>
    public static string Parameter(string property)
    {
        foreach (var (name, field) in Fields)
        {
            var path = Underscore().Replace(field.Path, static m => m.Groups[1].Value.ToUpperInvariant());
            if (property == path || property.StartsWith(path + ".", StringComparison.Ordinal))
            {
                return "-" + name;
            }
        }
        return property;
    }

    private static string Difference(SpecField field, object? old, object? now) =>
        (old ?? now) switch
        {
            IDictionary => Entries(Pairs(old), Pairs(now), static (name, value) => $"{name}={value}"),
            RepeatedField<string> when field.Path == "container.env" => Entries(Variables(old), Variables(now), static (name, _) => name),
            RepeatedField<string> when IsOneValue(field) => Arrow(Line(old), Line(now)),
            IList => Entries(Items(old), Items(now), static (name, _) => name),
            _ => Scalars(field, old, now),
        };

    /// <summary>A command line is one value: its words have no meaning alone.</summary>
    private static bool IsOneValue(SpecField field) =>
        field.Path is "container.command" or "container.entrypoint" or "container.health_check.test";

    private static string Scalars(SpecField field, object? old, object? now)
    {
        if ((old is null) != (now is null) && (old ?? now) is 0 or 0u or 0L or 0UL or false or "")
        {
            // The message around it is new, or gone.
            return "";
        }
        var (from, to) = (Text(field, old), Text(field, now));
        if (field.Path == "container.image" && from != to)
        {
            var (short1, short2) = (Display.Image(from), Display.Image(to));
            // The digest is asked for anew, or pinned.
            return short1 == short2 ? $"{short1}, by another digest" : Arrow(short1, short2);
        }
        return from == to && !Equals(old, now) ? Arrow(Exact(old), Exact(now)) : Arrow(from, to);
    }

    /// <summary>For two values that read alike: bytes and fractions of seconds.</summary>
    private static string Exact(object? value) =>
        value switch
        {
            Duration duration => duration.ToTimeSpan().ToString("c", CultureInfo.InvariantCulture),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => $"{value}",
        };

    private static string Arrow(string from, string to) =>
        from == to ? "" : $"{(from.Length == 0 ? Nothing : from)} → {(to.Length == 0 ? Nothing : to)}";

    private static string Entries(Dictionary<string, string> old, Dictionary<string, string> now, Func<string, string, string> show) =>
        string.Join(
            ' ',
            [
                .. now.Where(e => !old.ContainsKey(e.Key)).Select(e => "+" + show(e.Key, e.Value)),
                .. now.Where(e => old.TryGetValue(e.Key, out var before) && before != e.Value).Select(e => "~" + show(e.Key, e.Value)),
                .. old.Where(e => !now.ContainsKey(e.Key)).Select(e => "-" + e.Key),
            ]
        );

    private static Dictionary<string, string> Pairs(object? map) =>
        (map as MapField<string, string> ?? new()).ToDictionary(static e => e.Key, static e => e.Value, StringComparer.Ordinal);

    private static Dictionary<string, string> Variables(object? list) =>
        (list as RepeatedField<string> ?? [])
            .Select(static e => e.Split('=', 2))
            .DistinctBy(static e => e[0])
            .ToDictionary(static e => e[0], static e => e.Length > 1 ? e[1] : "", StringComparer.Ordinal);

    /// <summary>Entries by what identifies them, with the rest as their value.</summary>
    private static Dictionary<string, string> Items(object? list) =>
        (list as IList ?? Array.Empty<object>())
            .Cast<object>()
            .Select(static item =>
                item switch
                {
                    V1.Mount mount => (mount.Target, mount.ToString()),
                    V1.PublishedPort port => (
                        $"{(port.PublishedPort_ > 0 ? $"{port.PublishedPort_}:" : "")}{port.TargetPort}/{port.Protocol.ToString().ToLowerInvariant()}",
                        port.ToString()
                    ),
                    _ => ($"{item}", ""),
                }
            )
            .DistinctBy(static i => i.Item1)
            .ToDictionary(static i => i.Item1, static i => i.Item2, StringComparer.Ordinal);

    /// <summary>A word with a blank has quotes: <c>'sleep 100'</c> is one word, and <c>sleep 100</c> are two.</summary>
    private static string Line(object? list) =>
        string.Join(
            ' ',
            (list as RepeatedField<string> ?? []).Select(static word =>
                word.Length == 0 || word.Any(static c => char.IsWhiteSpace(c) || c == '\'')
                    ? $"'{word.Replace("'", "''", StringComparison.Ordinal)}'"
                    : word
            )
        );

    private static string Text(SpecField field, object? value) =>
        value switch
        {
            null => "",
            string text => text,
            bool flag => flag ? "on" : "off",
            Duration duration => Display.Duration(duration.ToTimeSpan()),
            long nano when field.Path.EndsWith("nano_cpus", StringComparison.Ordinal) => nano == 0
                ? ""
                : (nano / 1e9m).ToString("0.#########", CultureInfo.InvariantCulture),
            long bytes when field.Path.EndsWith("memory_bytes", StringComparison.Ordinal) => bytes == 0 ? "" : Display.Size(bytes),
            System.Enum word => Display.Word(word),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => $"{value}",
        };

    [GeneratedRegex("_([a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Underscore();
}
