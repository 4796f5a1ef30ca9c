using Swarm.Agent;
using Swarm.Manager.Dispatcher;
using Swarm.Security;

namespace Swarm.Daemon.Tests.Dispatcher;

public sealed class HeartbeatRulesTests
{
    /// <summary>A manager that was away must not take its nodes for lost while they pause between two attempts to connect.</summary>
    [Theory]
    [InlineData(0.1)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(30)]
    [InlineData(600)]
    public void A_leader_waits_longer_for_its_nodes_than_they_pause(double seconds)
    {
        var period = TimeSpan.FromSeconds(seconds);
        // An attempt that has just begun and gets no answer, and the longest pause.
        var slowest = ClusterChannel.ConnectTimeout + NodeAgent.LongestPauseAt(period);
        Assert.True(
            HeartbeatRules.NewLeaderGrace(period) > slowest,
            $"{HeartbeatRules.NewLeaderGrace(period)} is not longer than {slowest}"
        );
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(10, 20)]
    [InlineData(3600, -3570)]
    // The new leader's clock is behind.
    [InlineData(-3600, 30)]
    public void A_new_leader_grants_no_more_than_the_whole_grace_of_a_restart(int secondsLater, int left)
    {
        var granted = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(
            TimeSpan.FromSeconds(left),
            HeartbeatRules.GraceLeft(granted.AddSeconds(30), granted, granted.AddSeconds(secondsLater))
        );
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(500, 1)]
    [InlineData(1000, 2)]
    [InlineData(10_000, 20)]
    public void The_period_grows_with_the_nodes(int nodes, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), HeartbeatRules.Period(TimeSpan.FromSeconds(1), nodes));
}
