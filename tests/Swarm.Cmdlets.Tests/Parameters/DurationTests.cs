using System.Reflection;
using System.Text.RegularExpressions;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Parameters;

/// <summary>The rule for every parameter of a duration.</summary>
public sealed partial class DurationTests
{
    // Entries of the log.
    private static readonly string[] NoDurations = ["SnapshotInterval"];

    [GeneratedRegex("(Timeout|Delay|Period|Monitor|Window|Expiry|Interval|Age|Duration)$", RegexOptions.CultureInvariant)]
    private static partial Regex NamesOfDurations { get; }

    private static IEnumerable<(string Cmdlet, PropertyInfo Parameter)> All =>
        ConventionTests.Cmdlets.SelectMany(c =>
            c.Value.GetProperties().Where(p => p.GetCustomAttributes<ParameterAttribute>().Any()).Select(p => (c.Key, p))
        );

    public static TheoryData<string, string> Parameters =>
        [.. All.Where(p => IsDuration(p.Parameter)).Select(p => (p.Cmdlet, p.Parameter.Name)).Order()];

    [Theory]
    [MemberData(nameof(Parameters))]
    public void A_number_is_seconds(string cmdlet, string parameter)
    {
        var transformation = Assert.Single(
            ConventionTests.Cmdlets[cmdlet].GetProperty(parameter)!.GetCustomAttributes<ArgumentTransformationAttribute>()
        );
        (object Given, TimeSpan Meant)[] cases =
        [
            (30, TimeSpan.FromSeconds(30)),
            (30L, TimeSpan.FromSeconds(30)),
            (0.25, TimeSpan.FromMilliseconds(250)),
            ("30", TimeSpan.FromSeconds(30)),
            ("1m30s", TimeSpan.FromSeconds(90)),
            ("00:01:30", TimeSpan.FromSeconds(90)),
            // The bare words 30s and 30us, as PowerShell reads them.
            ((short)30, TimeSpan.FromSeconds(30)),
            ((ushort)30, TimeSpan.FromMicroseconds(30)),
            (TimeSpan.FromDays(2), TimeSpan.FromDays(2)),
        ];
        foreach (var (given, meant) in cases)
        {
            Assert.Equal(meant, transformation.Transform(null!, given));
            Assert.Equal(meant, transformation.Transform(null!, new PSObject(given)));
        }
        // 30d and 30y are no seconds.
        foreach (var given in (object[])[-1, 30m, (sbyte)30, "soon", true, DateTime.UnixEpoch])
        {
            Assert.Throws<ArgumentTransformationMetadataException>(() => transformation.Transform(null!, given));
        }
    }

    [Fact]
    public void What_is_called_a_duration_is_one()
    {
        var others = All.Where(p =>
            NamesOfDurations.IsMatch(p.Parameter.Name) && !IsDuration(p.Parameter) && !NoDurations.Contains(p.Parameter.Name)
        );
        Assert.Empty(others.Select(p => $"{p.Cmdlet} -{p.Parameter.Name}"));
        Assert.NotEmpty(Parameters);
    }

    [Theory]
    [InlineData("30", 30)]
    [InlineData("30s", 30)]
    [InlineData("'30'", 30)]
    [InlineData("1.5", 1.5)]
    [InlineData("2m", 120)]
    [InlineData("([TimeSpan]::FromMinutes(2))", 120)]
    public async ValueTask What_is_typed_is_what_the_manager_gets(string typed, double seconds)
    {
        await using var shell = await Shell.StartAsync();
        shell.Run($"New-SwarmService web alpine -UpdateDelay {typed}").ThrowIfFailed();
        Assert.Equal(TimeSpan.FromSeconds(seconds), shell.Fake.Last<V1.CreateServiceRequest>().Spec.Update.Delay.ToTimeSpan());
    }

    [Fact]
    public async ValueTask A_timeout_beyond_the_timers_of_the_platform_is_taken()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Run("Wait-SwarmService web -Timeout ([TimeSpan]::MaxValue)").ThrowIfFailed();
    }

    private static bool IsDuration(PropertyInfo parameter) =>
        parameter.PropertyType == typeof(TimeSpan) || parameter.PropertyType == typeof(TimeSpan?);
}
