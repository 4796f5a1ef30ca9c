using Microsoft.Extensions.Configuration;
using Swarm.Daemon.Configuration;
using Swarm.Manager.Dispatcher;

namespace Swarm.Daemon.Tests.Hosting;

public sealed class DaemonOptionsReaderTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("10m", 600)]
    public void A_restart_grace_that_a_manager_grants_is_taken(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(text).RestartGrace);

    [Theory]
    [InlineData("10m1s")]
    [InlineData("1h")]
    [InlineData("soon")]
    public void One_that_a_manager_would_cut_is_refused(string text)
    {
        Assert.Equal(TimeSpan.FromMinutes(10), HeartbeatRules.LongestRestartGrace);
        var e = Assert.Throws<ConfigurationException>(() => Read(text));
        Assert.Contains("at most 10m", e.Message, StringComparison.Ordinal);
    }

    private static DaemonOptions Read(string grace) =>
        DaemonOptionsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection([new KeyValuePair<string, string?>(Settings.RestartGrace.Name, grace)]).Build()
        );
}
