using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Engine;
using Swarm.Wire.Limits;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Converts Docker's nodes, tasks and states to ours.</summary>
internal static class DockerObjects
{
    public static ulong VersionOf(JsonNode? o) => o.Object("Version").Unsigned("Index") ?? 0;

    public static NodeSpec NodeSpec(JsonObject? spec) =>
        new()
        {
            Labels = spec.Map("Labels"),
            Role = spec.Text("Role") == "manager" ? NodeRole.Manager : NodeRole.Worker,
            Availability = spec.Text("Availability") switch
            {
                "pause" => NodeAvailability.Pause,
                "drain" => NodeAvailability.Drain,
                _ => NodeAvailability.Active,
            },
        };

    /// <summary>The description of a node of a Docker Swarm. Docker has let it in with any texts, so they get escapes for
    /// control characters, and are cut.</summary>
    public static NodeDescription Description(JsonObject? d)
    {
        var engine = d.Object("Engine");
        var description = new NodeDescription
        {
            Hostname = d.Text("Hostname"),
            Os = d.Object("Platform").Text("OS"),
            Architecture = d.Object("Platform").Text("Architecture"),
            Resources = new ResourceAmount(d.Object("Resources").Number("NanoCPUs") ?? 0, d.Object("Resources").Number("MemoryBytes") ?? 0),
            EngineVersion = engine.Text("EngineVersion"),
            EngineLabels = engine.Map("Labels"),
            Plugins = (engine.Array("Plugins") ?? []).Select(static p => $"{p.Text("Type")}/{p.Text("Name")}").ToValueList(),
            Executor = "Docker",
        };
        return BoundedDescription.Of(NodeTexts.Visible(description));
    }

    /// <param name="node">Docker's node.</param>
    /// <param name="since">The moment at which the state began, as far as known.</param>
    public static NodeStatus Status(JsonObject node, DateTimeOffset since)
    {
        var status = node.Object("Status");
        return new NodeStatus
        {
            State = status.Text("State") switch
            {
                "ready" => NodeState.Ready,
                "down" => NodeState.Down,
                "disconnected" => NodeState.Disconnected,
                _ => NodeState.Unknown,
            },
            Message = status.Text("Message"),
            Address = VisibleText.OfName(BoundedText.Cut(status.Text("Addr"), NodeNames.Longest)),
            Since = since,
        };
    }

    public static UpdateStatus? UpdateStatus(JsonObject? status)
    {
        var state = status.Text("State") switch
        {
            "updating" => UpdateState.Updating,
            "paused" => UpdateState.Paused,
            "completed" => UpdateState.Completed,
            "rollback_started" => UpdateState.RollbackStarted,
            "rollback_paused" => UpdateState.RollbackPaused,
            "rollback_completed" => UpdateState.RollbackCompleted,
            _ => UpdateState.None,
        };
        return state == UpdateState.None
            ? null
            : new UpdateStatus
            {
                State = state,
                StartedAt = status.Time("StartedAt") ?? default,
                CompletedAt = status.Time("CompletedAt"),
                Message = status.Text("Message"),
            };
    }

    public static TaskState TaskState(string state) =>
        state switch
        {
            "new" => Core.Model.TaskState.New,
            "allocated" or "pending" => Core.Model.TaskState.Pending,
            "assigned" => Core.Model.TaskState.Assigned,
            "accepted" => Core.Model.TaskState.Accepted,
            "preparing" => Core.Model.TaskState.Preparing,
            "ready" => Core.Model.TaskState.Ready,
            "starting" => Core.Model.TaskState.Starting,
            "running" => Core.Model.TaskState.Running,
            "complete" => Core.Model.TaskState.Complete,
            "shutdown" => Core.Model.TaskState.Shutdown,
            "failed" => Core.Model.TaskState.Failed,
            "rejected" => Core.Model.TaskState.Rejected,
            "remove" => Core.Model.TaskState.Remove,
            "orphaned" => Core.Model.TaskState.Orphaned,
            _ => Core.Model.TaskState.New,
        };

    public static TaskStatus TaskStatus(JsonElement status)
    {
        var state = TaskState(Text(status, "State"));
        var result = new TaskStatus
        {
            State = state,
            Timestamp = Time(status, "Timestamp"),
            Message = Text(status, "Message"),
            Error = Text(status, "Err"),
        };
        if (!status.TryGetProperty("ContainerStatus", out var container) || container.ValueKind != JsonValueKind.Object)
        {
            return result;
        }
        return result with
        {
            ContainerId = Text(container, "ContainerID"),
            Pid = container.TryGetProperty("PID", out var pid) ? pid.GetInt64() : 0,
            ExitCode =
                state is Core.Model.TaskState.Complete or Core.Model.TaskState.Failed && container.TryGetProperty("ExitCode", out var code)
                    ? code.GetInt32()
                    : null,
        };
    }

    public static string Text(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    public static DateTimeOffset Time(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time)
            ? time
            : DateTimeOffset.UnixEpoch;
}
