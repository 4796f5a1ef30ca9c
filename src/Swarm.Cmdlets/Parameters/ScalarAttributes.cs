using System.Globalization;

namespace Swarm.Cmdlets.Parameters;

/// <summary>A whole number. The engine itself would take an empty text for 0, and would pass over a property that is no number.</summary>
internal sealed class WholeAttribute : TransformAttribute
{
    public long Max { get; init; } = long.MaxValue;

    protected override object? Convert(object? value, object? original)
    {
        var text = Text(value);
        decimal? number = value switch
        {
            double or float or decimal => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) ? d : null,
            _ => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var l) ? l : null,
        };
        return number is { } whole && whole == decimal.Truncate(whole) && whole >= long.MinValue && whole <= Max
            ? (long)whole
            : throw new FormatException($"'{text}' is not a whole number{(Max < long.MaxValue ? $" up to {Max}" : "")}.");
    }
}

/// <summary>A fraction: 0.25.</summary>
internal sealed class RatioAttribute : TransformAttribute
{
    protected override object? Convert(object? value, object? original) =>
        double.TryParse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio)
            ? ratio
            : throw new FormatException($"'{Text(value)}' is not a number. Write it like 0.25.");
}

/// <summary>A switch. The text of a cell is <c>true</c>, <c>false</c>, <c>yes</c>, <c>no</c>, 1 or 0.</summary>
internal sealed class FlagAttribute : TransformAttribute
{
    protected override object? Convert(object? value, object? original) =>
        value switch
        {
            SwitchParameter flag => flag,
            bool flag => new SwitchParameter(flag),
            _ => Text(value).Trim().ToLowerInvariant() switch
            {
                "true" or "yes" or "1" => new SwitchParameter(true),
                "false" or "no" or "0" => new SwitchParameter(false),
                _ => throw new FormatException($"'{Text(value)}' is neither true nor false."),
            },
        };
}

/// <summary>A word of an enumeration, in PowerShell's or in Docker's form: OnFailure, on-failure.</summary>
internal sealed class WordAttribute<T> : TransformAttribute
    where T : struct, Enum
{
    protected override object? Convert(object? value, object? original) =>
        LanguagePrimitives.TryConvertTo<T>(
            value is string text ? text.Replace("-", "", StringComparison.Ordinal) : value,
            CultureInfo.InvariantCulture,
            out var word
        ) && Enum.IsDefined(word)
            ? word
            : throw new FormatException($"'{Text(value)}' is none of {string.Join(", ", Enum.GetNames<T>())}.");
}
