using System.Globalization;

namespace Swarm.Benchmarks;

/// <summary>Values of one measurement, as a row of the table that every benchmark prints.</summary>
internal sealed record Measurement(string What, string Unit, IReadOnlyList<double> Values, string ToReach)
{
    public const string Header = "| Measurement | median | min | max | n | to reach |\n|---|---:|---:|---:|---:|---|";

    public override string ToString() =>
        $"| {What} | {Format(Statistics.Median(Values))} {Unit} | {Format(Values.Min())} | {Format(Values.Max())} | {Values.Count} | {ToReach} |";

    private static string Format(double value) => value.ToString(value < 100 ? "0.00" : "0", CultureInfo.InvariantCulture);
}
