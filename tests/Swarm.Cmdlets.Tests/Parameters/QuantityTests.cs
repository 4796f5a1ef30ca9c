using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Tests.Parameters;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("10s", 10_000)]
    [InlineData("10m20s", 620_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1_500)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("30", 30_000)]
    [InlineData("1.5", 1_500)]
    [InlineData("00:00:10", 10_000)]
    public void Duration_is_read(string text, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Quantities.ParseDuration(text));

    [Theory]
    [InlineData("10d")]
    [InlineData("-5")]
    [InlineData("NaN")]
    [InlineData("1e300")]
    [InlineData("")]
    [InlineData("-5s")]
    [InlineData("10 seconds")]
    [InlineData("-00:00:10")]
    [InlineData("999999999999h")]
    public void Bad_duration_is_refused_with_its_text(string text) =>
        Assert.Contains(
            $"'{text}'",
            Assert.Throws<FormatException>(() => Quantities.ParseDuration(text)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("64m", 64L << 20)]
    [InlineData("64MB", 64L << 20)]
    [InlineData("64MiB", 64L << 20)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData("512k", 512L << 10)]
    [InlineData("4096", 4096)]
    [InlineData("10b", 10)]
    public void Size_is_read(string text, long bytes) => Assert.Equal(bytes, Quantities.ParseSize(text));

    [Theory]
    [InlineData("lots")]
    [InlineData("-1m")]
    [InlineData("")]
    [InlineData("64q")]
    [InlineData("99999999999999999999t")]
    public void Bad_size_is_refused(string text) => Assert.Throws<FormatException>(() => Quantities.ParseSize(text));

    [Theory]
    [InlineData(0.3, "less than a second ago")]
    [InlineData(1, "1 second ago")]
    [InlineData(59, "59 seconds ago")]
    [InlineData(60, "about a minute ago")]
    [InlineData(240, "4 minutes ago")]
    [InlineData(3600, "about an hour ago")]
    [InlineData(7200, "2 hours ago")]
    [InlineData(260_000, "3 days ago")]
    public void Age_is_told_as_Docker_does(double seconds, string expected)
    {
        var now = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        Assert.Equal(expected, Display.Age(now.AddSeconds(-seconds), now));
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(10_000, "10s")]
    [InlineData(620_000, "10m20s")]
    [InlineData(5_400_000, "1h30m")]
    [InlineData(500, "500ms")]
    [InlineData(1_500, "1.5s")]
    public void Duration_is_written_so_that_it_can_be_read(double milliseconds, string expected)
    {
        var span = TimeSpan.FromMilliseconds(milliseconds);
        Assert.Equal(expected, Display.Duration(span));
        Assert.Equal(span, Quantities.ParseDuration(expected));
    }
}
