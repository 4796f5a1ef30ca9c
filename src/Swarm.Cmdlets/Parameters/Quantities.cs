using System.Globalization;
using System.Text.RegularExpressions;

namespace Swarm.Cmdlets.Parameters;

/// <summary>Reads durations and sizes as Docker and PowerShell write them.</summary>
internal static partial class Quantities
{
    [GeneratedRegex(@"^(?:(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s))+$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern { get; }

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SizePattern { get; }

    /// <summary>10s, 10m20s, 1h30m, 500ms; also 00:00:10. A number without a unit is seconds.</summary>
    /// <exception cref="FormatException">Shows the form of a duration.</exception>
    public static TimeSpan ParseDuration(string text)
    {
        var trimmed = text.Trim();
        if (
            double.TryParse(
                trimmed,
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out var seconds
            )
            && seconds < Math.Floor(TimeSpan.MaxValue.TotalSeconds)
        )
        {
            return TimeSpan.FromSeconds(seconds);
        }
        var match = DurationPattern.Match(trimmed);
        if (match.Success)
        {
            double ticks = 0;
            for (var i = 0; i < match.Groups[1].Captures.Count; i++)
            {
                var value = double.Parse(match.Groups[1].Captures[i].ValueSpan, CultureInfo.InvariantCulture);
                ticks += value * TicksOf(match.Groups[2].Captures[i].Value);
            }
            if (ticks < TimeSpan.MaxValue.Ticks)
            {
                return TimeSpan.FromTicks((long)Math.Round(ticks));
            }
        }
        else if (
            trimmed.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(trimmed, CultureInfo.InvariantCulture, out var span)
            && span >= TimeSpan.Zero
        )
        {
            return span;
        }
        throw new FormatException(
            $"'{text}' is not a duration. Give seconds as a number, or write it like 10s, 10m20s, 1h30m, 500ms or 00:00:10, or give a TimeSpan."
        );
    }

    private static double TicksOf(string unit) =>
        unit switch
        {
            "h" => TimeSpan.TicksPerHour,
            "m" => TimeSpan.TicksPerMinute,
            "s" => TimeSpan.TicksPerSecond,
            "ms" => TimeSpan.TicksPerMillisecond,
            "ns" => TimeSpan.TicksPerMicrosecond / 1000.0,
            _ => TimeSpan.TicksPerMicrosecond,
        };

    /// <summary>64m, 64MB, 1.5g, 4096: bytes, with units of 1024.</summary>
    /// <exception cref="FormatException">Shows the form of a size.</exception>
    public static long ParseSize(string text)
    {
        var match = SizePattern.Match(text.Trim());
        if (match.Success && decimal.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var value))
        {
            var factor = match.Groups[2].Value.ToLowerInvariant() switch
            {
                "k" => 1L << 10,
                "m" => 1L << 20,
                "g" => 1L << 30,
                "t" => 1L << 40,
                _ => 1L,
            };
            if (value <= long.MaxValue / factor)
            {
                return (long)(value * factor);
            }
        }
        throw new FormatException($"'{text}' is not a size. Write it like 64m, 64MB, 1.5g or a number of bytes.");
    }
}
