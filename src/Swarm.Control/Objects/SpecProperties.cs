using System.Globalization;
using Swarm.Core.Model;

namespace Swarm.Control.Objects;

/// <summary>A spec as property paths and values, in a fixed order, for comparing two specs.</summary>
internal static class SpecProperties
{
    private const string Nothing = "(none)";

    /// <summary>A line for each difference: <c>Container.Image: redis:3.0.6 -> redis:3.0.7</c>. Empty when nothing differs.</summary>
    public static IReadOnlyList<string> Compare(ServiceSpec before, ServiceSpec after)
    {
        var old = Of(before);
        var lines = new List<string>();
        var now = Of(after);
        for (var i = 0; i < now.Count; i++)
        {
            if (old[i].Value != now[i].Value)
            {
                lines.Add($"{now[i].Path}: {Shown(old[i].Value)} -> {Shown(now[i].Value)}");
            }
        }
        return lines;
    }

    private static string Shown(string value) => value.Length == 0 ? Nothing : value;

    private static List<(string Path, string Value)> Of(ServiceSpec s)
    {
        var c = s.Container;
        var h = c.HealthCheck;
        List<(string, string)> properties =
        [
            ("Name", s.Name),
            ("Labels", Text(s.Labels)),
            ("Mode", s.Mode is ServiceMode.Global ? "global" : "replicated"),
            ("Replicas", s.Mode is ServiceMode.Replicated r ? Text(r.Replicas) : ""),
            ("Container.Image", c.Image),
            ("Container.Entrypoint", Text(c.Entrypoint)),
            ("Container.Command", Text(c.Command)),
            ("Container.Env", Text(c.Env)),
            ("Container.Dir", c.Dir),
            ("Container.User", c.User),
            ("Container.Groups", Text(c.Groups)),
            ("Container.Hostname", c.Hostname),
            ("Container.Labels", Text(c.Labels)),
            ("Container.Mounts", string.Join("; ", c.Mounts.Select(Text))),
            ("Container.HealthCheck.Test", h is null ? "" : Text(h.Test)),
            ("Container.HealthCheck.Interval", h is null ? "" : Text(h.Interval)),
            ("Container.HealthCheck.Timeout", h is null ? "" : Text(h.Timeout)),
            ("Container.HealthCheck.StartPeriod", h is null ? "" : Text(h.StartPeriod)),
            ("Container.HealthCheck.Retries", h is null ? "" : Text(h.Retries)),
            ("Container.StopSignal", c.StopSignal),
            ("Container.StopGracePeriod", Text(c.StopGracePeriod)),
            ("Container.CapabilityAdd", Text(c.CapabilityAdd)),
            ("Container.CapabilityDrop", Text(c.CapabilityDrop)),
            ("Container.ReadOnly", Text(c.ReadOnly)),
            ("Container.Init", Text(c.Init)),
            ("Container.Tty", Text(c.Tty)),
            ("Resources.Limits.Cpus", Cpus(s.Resources.Limits)),
            ("Resources.Limits.MemoryBytes", Text(s.Resources.Limits.MemoryBytes)),
            ("Resources.Reservations.Cpus", Cpus(s.Resources.Reservations)),
            ("Resources.Reservations.MemoryBytes", Text(s.Resources.Reservations.MemoryBytes)),
            ("Resources.PidsLimit", Text(s.Resources.PidsLimit)),
            ("Restart.Condition", s.Restart.Condition.ToString()),
            ("Restart.Delay", Text(s.Restart.Delay)),
            ("Restart.MaxAttempts", Text(s.Restart.MaxAttempts)),
            ("Restart.Window", Text(s.Restart.Window)),
            ("Placement.Constraints", Text(s.Placement.Constraints)),
            ("Placement.SpreadPreferences", Text(s.Placement.SpreadPreferences)),
            ("Placement.MaxReplicasPerNode", Text(s.Placement.MaxReplicasPerNode)),
            ("Placement.Platforms", Text(s.Placement.Platforms)),
        ];
        Add("Update", s.Update);
        Add("Rollback", s.Rollback);
        properties.Add(("ForceUpdate", Text(s.ForceUpdate)));
        properties.Add(("Networks", Text(s.Networks)));
        properties.Add(("Ports", string.Join(", ", s.Ports)));
        return properties;

        void Add(string name, UpdateConfig u) =>
            properties.AddRange([
                ($"{name}.Parallelism", Text(u.Parallelism)),
                ($"{name}.Delay", Text(u.Delay)),
                ($"{name}.Monitor", Text(u.Monitor)),
                ($"{name}.FailureAction", u.FailureAction.ToString()),
                ($"{name}.MaxFailureRatio", Text(u.MaxFailureRatio)),
                ($"{name}.Order", u.Order.ToString()),
            ]);
    }

    private static string Text(Mount m) =>
        $"{m.Type} {m.Source} at {m.Target}"
        + (m.ReadOnly ? ", read-only" : "")
        + (m.TmpfsSizeBytes > 0 ? $", size {Text(m.TmpfsSizeBytes)}" : "")
        + (m.TmpfsMode > 0 ? $", mode {Convert.ToString(m.TmpfsMode, 8)}" : "")
        + (m.VolumeDriver.Length > 0 ? $", driver {m.VolumeDriver}" : "")
        + (m.VolumeLabels.Count > 0 ? $", labels {Text(m.VolumeLabels)}" : "");

    private static string Text(ValueMap map) => string.Join(", ", map.Select(e => $"{e.Key}={e.Value}"));

    private static string Text(ValueList<string> list) => string.Join(", ", list);

    private static string Text(bool value) => value ? "true" : "false";

    private static string Cpus(ResourceAmount amount) => (amount.NanoCpus / 1e9m).ToString(CultureInfo.InvariantCulture);

    private static string Text(TimeSpan span) => span.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s";

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
