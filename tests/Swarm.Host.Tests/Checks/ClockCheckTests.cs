using Swarm.Host.Checks;

namespace Swarm.Host.Tests.Checks;

/// <summary>The clock check against a manager's real answers.</summary>
public sealed class ClockCheckTests
{
    private const string Address = "127.83.41.10";
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 4, 0, 0, TimeSpan.Zero);

    private static async Task<(HostCheck Check, string Where)> CheckAsync(DateTimeOffset? date)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs the whole of 127.0.0.0/8");
        await using var manager = new ManagerClock(Address, date);
        var check = await ClockCheck.RunAsync(
            new HostPeer(Address, IsManager: true, manager.Port),
            new StoppedClock(),
            TestContext.Current.CancellationToken
        );
        return (check, $"{Address}:{manager.Port}");
    }

    [Fact]
    public async Task An_answer_without_a_date_is_a_warning()
    {
        var (check, where) = await CheckAsync(null);
        Assert.Equal(
            new HostCheck(
                "Clock",
                HostCheckStatus.Warning,
                $"{where} does not tell its time",
                "Compare 'date -u' on both hosts; the check needs a swarmd that is a manager there."
            ),
            check
        );
    }

    [Theory]
    [InlineData(0, HostCheckStatus.Passed, "as the clock of {0}, to the second")]
    [InlineData(-30, HostCheckStatus.Warning, "30 s ahead of the clock of {0}")]
    [InlineData(7200, HostCheckStatus.Failed, "7200 s behind the clock of {0}")]
    public async Task The_date_of_the_answer_is_compared_with_this_hosts(int theirs, HostCheckStatus status, string detail)
    {
        var (check, where) = await CheckAsync(Now.AddSeconds(theirs));
        Assert.Equal((status, detail.Replace("{0}", where, StringComparison.Ordinal)), (check.Status, check.Detail));
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
