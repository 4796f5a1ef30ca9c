using System.Text.Json.Serialization;
using Swarm.Core.Model;
using Swarm.Wire.Limits;

namespace Swarm.Agent.Executors.Process;

/// <summary>The contents of a task directory's <c>task.json</c>: everything needed to start, check and stop the task.</summary>
internal sealed record TaskRecord
{
    public required string TaskId { get; init; }
    public required string ServiceId { get; init; }
    public required string ClusterId { get; init; }
    public required string NodeId { get; init; }
    public required string ContainerId { get; init; }
    public required string ContainerName { get; init; }
    public required string Image { get; init; }

    /// <summary>The container's labels: kept for who reads the file, as an engine keeps them. Null: none.</summary>
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>The program (an absolute path) and its arguments.</summary>
    public required List<string> Arguments { get; init; }

    /// <summary>The whole environment, <c>NAME=value</c>.</summary>
    public required List<string> Environment { get; init; }

    /// <summary>The command before the program that changes user and groups.</summary>
    public required List<string> Prefix { get; init; }
    public required string WorkingDirectory { get; init; }
    public required int StopSignal { get; init; }
    public TimeSpan StopGracePeriod { get; init; }
    public ProbeRecord? HealthCheck { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The group that holds every process of the task; null where none could be made.</summary>
    public string? HomeGroup { get; init; }

    /// <summary>Groups of other hierarchies that enforce limits. Null: an earlier swarmd made the task, and recorded none.</summary>
    public List<string>? LimitGroups { get; init; }
}

/// <summary>A health check with Docker's defaults filled in.</summary>
internal sealed record ProbeRecord(List<string> Test, TimeSpan Interval, TimeSpan Timeout, TimeSpan StartPeriod, uint Retries)
{
    /// <summary>Null when there is none, or <c>NONE</c>. Source of the defaults: Docker's HEALTHCHECK (30 s, 30 s, 0 s, 3).</summary>
    public static ProbeRecord? From(HealthCheck? check, ManifestHealthCheck? image)
    {
        // As in Docker, the image supplies the values that the service omits.
        var test = check is { Test.Count: > 0 } ? [.. check.Test] : image?.Test ?? [];
        if (test.Count == 0 || test[0] == "NONE")
        {
            return null;
        }
        if (test[0] is not ("CMD" or "CMD-SHELL") || test.Count < 2)
        {
            throw new TaskRejectedException(
                "InvalidOption",
                $"Health check test '{BoundedText.Argument(string.Join(' ', test))}': it must begin with NONE, CMD or CMD-SHELL and name a command."
            );
        }
        return new ProbeRecord(
            test,
            Choose(check?.Interval, image?.IntervalSeconds, 30),
            Choose(check?.Timeout, image?.TimeoutSeconds, 30),
            Choose(check?.StartPeriod, image?.StartPeriodSeconds, 0),
            check is { Retries: > 0 } ? check.Retries
                : image is { Retries: > 0 } ? image.Retries
                : 3
        );
    }

    private static TimeSpan Choose(TimeSpan? service, double? image, double standard) =>
        service is { Ticks: > 0 } time ? time : TimeSpan.FromSeconds(image is > 0 ? image.Value : standard);
}

[JsonSerializable(typeof(TaskRecord))]
internal sealed partial class TaskRecordJson : JsonSerializerContext;
