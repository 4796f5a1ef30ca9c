using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>Checks and applies the swarm's settings of an init or an update.</summary>
public static class ClusterSettingsMapping
{
    /// <summary>Agents cannot be asked to report more often.</summary>
    private static readonly TimeSpan ShortestHeartbeat = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromHours(1);

    /// <summary>The settings with the request's values.</summary>
    /// <exception cref="SwarmException">InvalidSetting.</exception>
    public static ClusterSettings Apply(ClusterSettings settings, V1.ClusterSettings? asked)
    {
        if (asked is null)
        {
            return settings;
        }
        if (asked.HasTaskHistoryLimit)
        {
            settings = settings with
            {
                TaskHistoryLimit =
                    // Without a limit, a service whose tasks fail fills the managers' memory. A limit of -1 of an earlier version stays.
                    asked.TaskHistoryLimit >= 0
                        ? asked.TaskHistoryLimit
                        : throw Invalid("task history limit", asked.TaskHistoryLimit.ToString(), "a number of tasks, 0 or more"),
            };
        }
        if (asked.HasSnapshotInterval)
        {
            settings = settings with
            {
                SnapshotInterval =
                    asked.SnapshotInterval > 0
                        ? asked.SnapshotInterval
                        : throw Invalid("snapshot interval", "0", "a number of log entries, at least 1"),
            };
        }
        if (asked.HeartbeatPeriod is { } heartbeat)
        {
            var period = ProtocolMapping.FromWire(heartbeat, settings.HeartbeatPeriod, "HeartbeatPeriod");
            settings = settings with
            {
                HeartbeatPeriod =
                    period >= ShortestHeartbeat && period <= LongestHeartbeat
                        ? period
                        : throw Invalid("heartbeat period", period.ToString(), "a duration from 100ms to 1h"),
            };
        }
        if (asked.CertificateExpiry is { } expiry)
        {
            var lifetime = ProtocolMapping.FromWire(expiry, settings.CertificateExpiry, "CertificateExpiry");
            settings = settings with
            {
                CertificateExpiry =
                    lifetime >= CertificateLifetimes.ShortestOfNode && lifetime <= CertificateLifetimes.Root
                        ? lifetime
                        : throw Invalid("certificate expiry", lifetime.ToString(), "a duration from 1h to 20 years"),
            };
        }
        return asked.HasAutolock ? settings with { Autolock = asked.Autolock } : settings;
    }

    private static SwarmException Invalid(string what, string value, string expected) =>
        new(SwarmErrorKind.InvalidArgument, "InvalidSetting", $"The {what} cannot be {value}.", value, $"Give {expected}.");
}
