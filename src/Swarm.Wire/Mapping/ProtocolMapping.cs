using Google.Protobuf.WellKnownTypes;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Wire.Mapping;

/// <summary>Core's records ↔ the protocol's messages. An absent message means Core's (Docker's) defaults.</summary>
/// <remarks>From the protocol: values that no record can hold are refused with <c>InvalidValue</c>; <see cref="ServiceSpecValidation"/>
/// checks the rest.</remarks>
public static partial class ProtocolMapping
{
    // -- small values

    public static Timestamp ToWire(DateTimeOffset at) => Timestamp.FromDateTimeOffset(at);

    public static Timestamp? ToWire(DateTimeOffset? at) => at is { } moment ? ToWire(moment) : null;

    public static Duration ToWire(TimeSpan span) => Duration.FromTimeSpan(span);

    /// <param name="absent">The value of an absent duration.</param>
    public static TimeSpan FromWire(Duration? duration, TimeSpan absent, string property)
    {
        if (duration is null)
        {
            return absent;
        }
        // Source: google/protobuf/duration.proto: ±315,576,000,000 s, and nanoseconds of the same sign below one second.
        if (
            duration.Seconds is < -315_576_000_000 or > 315_576_000_000
            || duration.Nanos is <= -1_000_000_000 or >= 1_000_000_000
            || (duration.Seconds != 0 && duration.Nanos != 0 && Math.Sign(duration.Seconds) != Math.Sign(duration.Nanos))
        )
        {
            throw Invalid(property, $"{property} is not a duration.", "Give a duration such as 10s.");
        }
        return duration.ToTimeSpan();
    }

    public static DateTimeOffset? FromWire(Timestamp? timestamp, string property)
    {
        if (timestamp is null)
        {
            return null;
        }
        // Source: google/protobuf/timestamp.proto: years 1 to 9999.
        if (timestamp.Seconds is < -62_135_596_800 or > 253_402_300_799 || timestamp.Nanos is < 0 or > 999_999_999)
        {
            throw Invalid(property, $"{property} is not a point in time.", "Give a time between the years 1 and 9999.");
        }
        return timestamp.ToDateTimeOffset();
    }

    public static V1.Resources ToWire(ResourceAmount amount) => new() { NanoCpus = amount.NanoCpus, MemoryBytes = amount.MemoryBytes };

    public static ResourceAmount FromWire(V1.Resources? amount) =>
        amount is null ? ResourceAmount.Zero : new ResourceAmount(amount.NanoCpus, amount.MemoryBytes);

    // -- enums: the protocol's values are Core's, but for the task state, which is one higher (0 is "unspecified" there).

    public static V1.TaskState ToWire(TaskState state) => (V1.TaskState)((int)state + 1);

    public static TaskState FromWire(V1.TaskState state) =>
        state is > V1.TaskState.Unspecified and <= V1.TaskState.Orphaned
            ? (TaskState)((int)state - 1)
            : throw Invalid("TaskState", $"{(int)state} is not a task state.", "Use a daemon and a client of the same version.");

    public static V1.NodeState ToWire(NodeState state) => (V1.NodeState)state;

    public static V1.NodeAvailability ToWire(NodeAvailability availability) => (V1.NodeAvailability)availability;

    public static NodeAvailability FromWire(V1.NodeAvailability value) => (NodeAvailability)Known((int)value, 2, "Availability");

    public static V1.NodeRole ToWire(NodeRole role) => (V1.NodeRole)role;

    public static NodeRole FromWire(V1.NodeRole value) => (NodeRole)Known((int)value, 1, "Role");

    // -- task

    public static V1.TaskStatus ToWire(TaskStatus status)
    {
        var wire = new V1.TaskStatus
        {
            State = ToWire(status.State),
            Timestamp = ToWire(status.Timestamp),
            Message = status.Message,
            Error = status.Error,
            ContainerId = status.ContainerId,
            Pid = status.Pid,
        };
        if (status.ExitCode is { } exitCode)
        {
            wire.ExitCode = exitCode;
        }
        if (status.Endpoint is { } endpoint)
        {
            wire.Endpoint = ForwardingMapping.ToWire(endpoint);
        }
        return wire;
    }

    /// <param name="now">Stands for an absent timestamp.</param>
    public static TaskStatus FromWire(V1.TaskStatus status, DateTimeOffset now) =>
        new()
        {
            State = FromWire(status.State),
            Timestamp = FromWire(status.Timestamp, "Timestamp") ?? now,
            Message = status.Message,
            Error = status.Error,
            ContainerId = status.ContainerId,
            Pid = status.Pid,
            ExitCode = status.HasExitCode ? status.ExitCode : null,
            Endpoint = status.Endpoint is null ? null : ForwardingMapping.FromWire(status.Endpoint),
        };

    public static IEnumerable<V1.PendingReason> ToWire(PendingReasons? pending)
    {
        if (pending is null)
        {
            yield break;
        }
        foreach (var reason in pending.Reasons)
        {
            yield return new V1.PendingReason
            {
                Filter = reason.Filter,
                Nodes = (uint)reason.Nodes,
                Detail = reason.Detail,
            };
        }
    }

    // -- node

    public static V1.NodeDescription ToWire(NodeDescription description)
    {
        var wire = new V1.NodeDescription
        {
            Hostname = description.Hostname,
            Platform = new V1.Platform { Os = description.Os, Architecture = description.Architecture },
            Resources = ToWire(description.Resources),
            Engine = new V1.EngineDescription { Version = description.EngineVersion },
            Executor = description.Executor,
            SwarmdVersion = description.SwarmdVersion,
        };
        wire.Engine.Labels.Add(ToDictionary(description.EngineLabels));
        wire.Engine.Plugins.AddRange(description.Plugins);
        wire.Warnings.AddRange(description.Warnings);
        return wire;
    }

    public static NodeDescription FromWire(V1.NodeDescription? description) =>
        description is null
            ? NodeDescription.Unknown
            : new NodeDescription
            {
                Hostname = description.Hostname,
                Os = description.Platform?.Os ?? "",
                Architecture = description.Platform?.Architecture ?? "",
                Resources = FromWire(description.Resources),
                EngineVersion = description.Engine?.Version ?? "",
                EngineLabels = description.Engine is null ? ValueMap.Empty : ValueMap.From(description.Engine.Labels),
                Plugins = description.Engine is null ? [] : description.Engine.Plugins.ToValueList(),
                Executor = description.Executor,
                SwarmdVersion = description.SwarmdVersion,
                Warnings = description.Warnings.ToValueList(),
            };

    // -- service

    public static V1.UpdateStatus? ToWire(UpdateStatus? status) =>
        status is null
            ? null
            : new V1.UpdateStatus
            {
                State = (V1.UpdateState)status.State,
                StartedAt = ToWire(status.StartedAt),
                CompletedAt = ToWire(status.CompletedAt),
                Message = status.Message,
                FailedTaskId = status.Failure?.TaskId ?? "",
                Error = status.Failure?.Error ?? "",
            };

    public static V1.RegistryCredential? ToWire(RegistryCredential? credential) =>
        credential is null
            ? null
            : new V1.RegistryCredential
            {
                ServerAddress = credential.ServerAddress,
                Username = credential.Username,
                Password = credential.Password,
            };

    public static RegistryCredential? FromWire(V1.RegistryCredential? credential) =>
        credential is null ? null : new RegistryCredential(credential.ServerAddress, credential.Username, credential.Password);

    public static Dictionary<string, string> ToDictionary(ValueMap map) => new(map, StringComparer.Ordinal);

    internal static int Known(int value, int highest, string property) =>
        value >= 0 && value <= highest
            ? value
            : throw Invalid(property, $"{value} is not a value of {property}.", "Use a daemon and a client of the same version.");

    private static SwarmException Invalid(string property, string message, string action) =>
        new(SwarmErrorKind.InvalidArgument, "InvalidValue", message, property, action);
}
