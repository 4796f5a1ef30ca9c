using System.Buffers;
using System.Globalization;

namespace Swarm.Daemon.Configuration;

/// <summary>Reads durations and sizes.</summary>
internal static class Quantity
{
    private static readonly SearchValues<char> Number = SearchValues.Create("0123456789.");

    /// <summary>Docker's form: <c>10s</c>, <c>1m30s</c>, <c>500ms</c>; units h, m, s, ms.</summary>
    public static bool TryParseDuration(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        var rest = text.AsSpan().Trim();
        if (rest.Length == 0)
        {
            return false;
        }
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Number);
            if (
                digits <= 0
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            )
            {
                return false;
            }
            rest = rest[digits..];
            var letters = rest.IndexOfAny(Number);
            var unit = letters < 0 ? rest : rest[..letters];
            var seconds = unit switch
            {
                "h" => 3600d,
                "m" => 60d,
                "s" => 1d,
                "ms" => 0.001,
                _ => double.NaN,
            };
            var added = number * seconds;
            if (double.IsNaN(added) || added > TimeSpan.FromDays(36500).TotalSeconds)
            {
                return false;
            }
            value += TimeSpan.FromSeconds(added);
            rest = letters < 0 ? [] : rest[letters..];
        }
        return true;
    }

    /// <summary>Bytes: <c>64m</c>, <c>1.5g</c>, <c>2GB</c>, <c>1048576</c>; units are powers of 1024, as in Docker.</summary>
    public static bool TryParseSize(string text, out long bytes)
    {
        bytes = 0;
        var lower = text.Trim().ToLowerInvariant();
        if (lower.EndsWith("ib", StringComparison.Ordinal))
        {
            lower = lower[..^2];
        }
        else if (lower.EndsWith('b'))
        {
            lower = lower[..^1];
        }
        var shift =
            lower.Length == 0
                ? 0
                : lower[^1] switch
                {
                    'k' => 10,
                    'm' => 20,
                    'g' => 30,
                    't' => 40,
                    _ => 0,
                };
        var digits = shift == 0 ? lower : lower[..^1];
        if (
            !double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * (1L << shift) >= long.MaxValue
        )
        {
            return false;
        }
        bytes = (long)(number * (1L << shift));
        return true;
    }
}
