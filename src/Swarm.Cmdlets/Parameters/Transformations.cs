using System.Collections;
using System.Globalization;

namespace Swarm.Cmdlets.Parameters;

/// <summary>Converts a user's value to the parameter's type, with our own error message.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal abstract class TransformAttribute : ArgumentTransformationAttribute
{
    public sealed override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        try
        {
            return ReadCell(inputData);
        }
        catch (FormatException e)
        {
            throw new ArgumentTransformationMetadataException(VisibleText.Lines(e.Message), e);
        }
    }

    /// <summary>The value of the parameter's type, or one that the engine can convert to it.</summary>
    /// <exception cref="FormatException">Names the value and the mistake.</exception>
    public object? Read(object? input) =>
        Unwrap(input) is var value && (value is null || (value is string text && string.IsNullOrWhiteSpace(text)))
            ? Empty(value)
            : Convert(value, input);

    /// <summary>The values of a cell.</summary>
    internal static string[] Parts(string cell) =>
        cell.Split(PipedObject.Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The parameter takes several values.</summary>
    protected virtual bool IsList => false;

    /// <summary>The value of an empty text, or of null.</summary>
    protected virtual object? Empty(object? value) => NotGiven.Value;

    // The engine binds a whole cell. Its parts are known later, so a cell is right when its parts are.
    private object? ReadCell(object? input)
    {
        try
        {
            return Read(input);
        }
        catch (FormatException)
            when (IsList && Unwrap(input) is string cell && cell.Contains(PipedObject.Separator, StringComparison.Ordinal))
        {
            return Read(Parts(cell));
        }
    }

    /// <param name="value">The value without its PSObject.</param>
    /// <param name="original">The value as bound: a PSObject keeps its type names (Deserialized.Swarm.Service).</param>
    protected abstract object? Convert(object? value, object? original);

    protected static IEnumerable<object?> Each(object? value) =>
        value switch
        {
            null => [],
            string or IDictionary => [value],
            IEnumerable many => many.Cast<object?>().Select(Bag),
            _ => [Bag(value)],
        };

    // ConvertFrom-Json makes an object of what was a dictionary.
    private static object? Bag(object? value) =>
        Unwrap(value) is PSObject { BaseObject: PSCustomObject } bag ? new PropertyBag(bag) : Unwrap(value);

    internal static object? Unwrap(object? value) =>
        value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    /// <summary>The text of a single value. Lists and dictionaries are refused: their text would be the name of their type.</summary>
    protected static string Scalar(object? key, object? value) =>
        Unwrap(value) is var single and not (IEnumerable and not string)
            ? Text(single)
            : throw new FormatException($"The value of '{key}' is a list or a dictionary. Give one value.");

    protected static string Text(object? value) => System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}

/// <summary>A duration: TimeSpan, seconds as a number, or Docker's 10s, 10m20s. Every parameter of a duration has it.</summary>
internal sealed class DurationAttribute : TransformAttribute
{
    // PowerShell reads bare words as numbers with a type suffix: 10s is an Int16, 10us a UInt16, 10d a Decimal and 10y an SByte. Scripts get
    // these types in hardly any other way. The first two are the durations that they look like. The others would be days and years, which
    // Docker's durations do not have: as seconds they would be far too short. All other numbers are seconds, as in PowerShell's own cmdlets.
    protected override object? Convert(object? value, object? original) =>
        value switch
        {
            TimeSpan => value,
            ushort microseconds => TimeSpan.FromMicroseconds(microseconds),
            decimal or sbyte => throw new FormatException(
                $"'{Text(value)}' with the suffix {(value is decimal ? 'd' : 'y')} is not a duration: PowerShell takes the suffix for a type of number. Write days as hours (720h), or give a TimeSpan."
            ),
            _ => Quantities.ParseDuration(Text(value)),
        };

    // $null is no limit for -Timeout.
    protected override object? Empty(object? value) => value is null ? null : NotGiven.Value;
}

/// <summary>A size in bytes: a number (64MB), or Docker's 64m.</summary>
internal sealed class SizeAttribute : TransformAttribute
{
    protected override object? Convert(object? value, object? original) =>
        value switch
        {
            string text => Quantities.ParseSize(text),
            int or long or uint or short or byte => NotNegative(System.Convert.ToInt64(value, CultureInfo.InvariantCulture)),
            double or float or decimal or ulong => NotNegative((long)System.Convert.ToDecimal(value, CultureInfo.InvariantCulture)),
            _ => Quantities.ParseSize(Text(value)),
        };

    private static long NotNegative(long value) => value >= 0 ? value : throw new FormatException($"A size cannot be negative ({value}).");
}

/// <summary>Environment: a dictionary, NAME=value, or NAME alone for this process's own value.</summary>
internal sealed class EnvAttribute : TransformAttribute
{
    protected override bool IsList => true;

    protected override object? Empty(object? value) => Array.Empty<string>();

    protected override object? Convert(object? value, object? original)
    {
        List<string> all = [];
        foreach (var item in Each(value))
        {
            if ((item as IDictionary ?? (item as PropertyBag)?.ToHashtable()) is { } map)
            {
                all.AddRange(
                    map.Keys.Cast<object>().OrderBy(Text, StringComparer.Ordinal).Select(k => Checked($"{Text(k)}={Scalar(k, map[k])}"))
                );
            }
            else
            {
                all.Add(Checked(Text(item)));
            }
        }
        return all.ToArray();
    }

    private static string Checked(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0)
        {
            return text;
        }
        return equals < 0 && text.Length > 0 && Environment.GetEnvironmentVariable(text) is { } own
            ? $"{text}={own}"
            : throw new FormatException($"'{text}' is not an environment variable. Write NAME=value, or @{{ NAME = 'value' }}.");
    }
}

/// <summary>Labels: a dictionary, key=value strings, or a key alone for an empty value.</summary>
internal sealed class LabelsAttribute : TransformAttribute
{
    /// <summary>A value may also be a dictionary: the labels of the node that its key names.</summary>
    public bool PerNode { get; init; }

    protected override bool IsList => true;

    protected override object? Empty(object? value) => value is null ? null : NotGiven.Value;

    protected override object? Convert(object? value, object? original)
    {
        Hashtable all = new(StringComparer.Ordinal);
        foreach (var item in Each(value))
        {
            if ((item as IDictionary ?? (item as PropertyBag)?.ToHashtable()) is { } map)
            {
                foreach (DictionaryEntry entry in map)
                {
                    all[Text(entry.Key)] = PerNode && Unwrap(entry.Value) is IDictionary own ? Flat(own) : Scalar(entry.Key, entry.Value);
                }
            }
            else
            {
                var parts = Text(item).Split('=', 2);
                if (parts[0].Length == 0)
                {
                    throw new FormatException($"'{item}' is not a label. Write @{{ key = 'value' }} or key=value.");
                }
                all[parts[0]] = parts.Length == 2 ? parts[1] : "";
            }
        }
        return all;
    }

    private static Hashtable Flat(IDictionary labels)
    {
        Hashtable flat = new(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in labels)
        {
            flat[Text(entry.Key)] = Scalar(entry.Key, entry.Value);
        }
        return flat;
    }
}

/// <summary>CPUs: 0.5, 2.</summary>
internal sealed class CpuAttribute : TransformAttribute
{
    protected override object? Convert(object? value, object? original) =>
        decimal.TryParse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var cpus) && cpus is >= 0 and <= 1_000_000
            ? cpus
            : throw new FormatException($"'{value}' is not a number of CPUs. Write it like 0.5 or 2.");
}

/// <summary>spread=node.labels.zone, or the descriptor alone.</summary>
internal sealed class SpreadAttribute : TransformAttribute
{
    protected override bool IsList => true;

    protected override object? Empty(object? value) => Array.Empty<string>();

    protected override object? Convert(object? value, object? original) =>
        Each(value)
            .Select(v =>
            {
                var text = Text(v);
                var parts = text.Split('=', 2);
                return (parts.Length, parts[0]) switch
                {
                    (1, { Length: > 0 }) => text,
                    (2, "spread") when parts[1].Length > 0 => parts[1],
                    _ => throw new FormatException($"'{text}' is not a placement preference. Write spread=node.labels.zone."),
                };
            })
            .ToArray();
}

/// <summary>Docker's mounts: type=bind,source=…,target=…,readonly; /a:/b:ro; a dictionary; a Swarm.Mount.</summary>
internal sealed class MountsAttribute : TransformAttribute
{
    protected override bool IsList => true;

    protected override object? Empty(object? value) => Array.Empty<Mount>();

    protected override object? Convert(object? value, object? original) =>
        MountParser.Syntax.Join(Each(value)).Select(MountParser.Parse).ToArray();
}

/// <summary>Published ports: 8080:80/tcp, Docker's long form, or a hashtable with the same keys.</summary>
internal sealed class PortsAttribute : TransformAttribute
{
    protected override bool IsList => true;

    protected override object? Empty(object? value) => Array.Empty<PublishedPort>();

    protected override object? Convert(object? value, object? original) =>
        PortParser.Syntax.Join(Each(value)).Select(PortParser.Parse).ToArray();
}
