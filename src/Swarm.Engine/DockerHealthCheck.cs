using System.Text.Json.Nodes;
using Docker.DotNet.Models;
using Swarm.Core.Model;

namespace Swarm.Engine;

/// <summary>A health check in Docker's words: in a service's spec, and in the call that creates a container.</summary>
internal static class DockerHealthCheck
{
    public static HealthCheck? Read(JsonObject? raw) =>
        raw is null
            ? null
            : new HealthCheck
            {
                Test = raw.Texts("Test"),
                Interval = raw.Duration("Interval") ?? TimeSpan.Zero,
                Timeout = raw.Duration("Timeout") ?? TimeSpan.Zero,
                StartPeriod = raw.Duration("StartPeriod") ?? TimeSpan.Zero,
                Retries = (uint)(raw.Number("Retries") ?? 0),
            };

    public static void Change(JsonObject container, HealthCheck? before, HealthCheck? after)
    {
        if (before == after)
        {
            return;
        }
        if (after is null)
        {
            container.Remove("Healthcheck");
            return;
        }
        var raw = container.Child("Healthcheck");
        raw.ChangeTexts("Test", before?.Test ?? [], after.Test);
        raw.ChangeDuration("Interval", before?.Interval, after.Interval);
        raw.ChangeDuration("Timeout", before?.Timeout, after.Timeout);
        raw.ChangeDuration("StartPeriod", before?.StartPeriod, after.StartPeriod);
        raw.ChangeNumber("Retries", before?.Retries, (long)after.Retries);
    }

    // The engine takes zero as "the image's, or the default".
    public static HealthcheckConfig? ToCreate(HealthCheck? check) =>
        check is null
            ? null
            : new HealthcheckConfig
            {
                Test = check.Test.Count > 0 ? [.. check.Test] : null,
                Interval = check.Interval,
                Timeout = check.Timeout,
                StartPeriod = check.StartPeriod,
                Retries = check.Retries,
            };
}
