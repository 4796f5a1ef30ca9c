using Swarm.Security;
using Swarm.Wire.Limits;

namespace Swarm.Manager.Dispatcher;

/// <summary>The period of heartbeats, and the meaning of silence.</summary>
public static class HeartbeatRules
{
    /// <summary>Source: moby/swarmkit manager/dispatcher (GracePeriodMultiplier).</summary>
    public const int MissedUntilDown = 3;

    /// <summary>The heartbeats that a manager takes in a second; with more nodes the period grows, so that the load does not.</summary>
    private const double PerSecond = 500;

    /// <summary>The cluster's setting (1 s), or nodes ÷ 500 s if that is longer. Up to 500 nodes it is 1 s, for 1,000 2 s, for 10,000 20
    /// s.</summary>
    public static TimeSpan Period(TimeSpan configured, int nodes)
    {
        var shared = TimeSpan.FromSeconds(nodes / PerSecond);
        return shared > configured ? shared : configured;
    }

    /// <summary>Silence that makes a node Down.</summary>
    public static TimeSpan Silence(TimeSpan period) => period * MissedUntilDown;

    /// <summary>After its stream broke, a node may come back within this time: a crash is noticed in less than 2 s.</summary>
    public static TimeSpan ReturnGrace(TimeSpan period) => period * 1.5;

    /// <summary>A new leader has no sessions; agents find it within this time. The stream broke for all of them. They pause between
    /// attempts for up to <see cref="SessionTiming.LongestPause"/> or a period, and may be in the middle of an attempt that gets no
    /// answer.</summary>
    public static TimeSpan NewLeaderGrace(TimeSpan period) => Silence(period) + SessionTiming.LongestPause + ClusterChannel.ConnectTimeout;

    /// <summary>The rest of a restart grace under a new leader. The last leader's clock may be far from this one's, so it is never more than
    /// the whole grace.</summary>
    /// <param name="until">The end of the grace, by the last leader's clock.</param>
    /// <param name="granted">The moment at which it was granted, or a later one, by the same clock.</param>
    /// <param name="now">Now, by this leader's clock.</param>
    public static TimeSpan GraceLeft(DateTimeOffset until, DateTimeOffset granted, DateTimeOffset now)
    {
        var left = until - now;
        var whole = until - granted;
        whole = whole < LongestRestartGrace ? whole : LongestRestartGrace;
        return left < whole ? left : whole;
    }

    /// <summary>The longest restart grace that a Goodbye may ask for.</summary>
    public static TimeSpan LongestRestartGrace => TimeSpan.FromMinutes(10);

    /// <summary>The default of a restart grace when the Goodbye names none.</summary>
    public static TimeSpan DefaultRestartGrace => TimeSpan.FromSeconds(30);
}
