using System.Text.Json.Serialization;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.State;

namespace Swarm.Consensus.Serialization;

/// <summary>The JSON serialization of state for the log and for snapshots. It is generated at compile time, without reflection.</summary>
/// <remarks>Nulls are omitted; every other value is written, also a default one, since a record's own default may differ.</remarks>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    Converters = new[]
    {
        typeof(StateChangeConverter),
        typeof(ServiceModeConverter),
        typeof(ValueMapConverter),
        typeof(StringListConverter),
        typeof(MountListConverter),
        typeof(PortListConverter),
        typeof(SubnetListConverter),
        typeof(NumberListConverter),
        typeof(TaskPortListConverter),
        typeof(PendingReasonListConverter),
    }
)]
[JsonSerializable(typeof(StateChange))]
[JsonSerializable(typeof(IReadOnlyList<StateChange>))]
[JsonSerializable(typeof(StateSnapshot))]
[JsonSerializable(typeof(StateChange.ClusterSet))]
[JsonSerializable(typeof(StateChange.NodeCreate))]
[JsonSerializable(typeof(StateChange.NodeSpecSet))]
[JsonSerializable(typeof(StateChange.NodeStatusSet))]
[JsonSerializable(typeof(StateChange.NodeDescriptionSet))]
[JsonSerializable(typeof(StateChange.NodeRoleSet))]
[JsonSerializable(typeof(StateChange.NodeNumberSet))]
[JsonSerializable(typeof(StateChange.NodeRemove))]
[JsonSerializable(typeof(StateChange.NetworkCreate))]
[JsonSerializable(typeof(StateChange.NetworkRemove))]
[JsonSerializable(typeof(StateChange.ServiceCreate))]
[JsonSerializable(typeof(StateChange.ServiceSpecSet))]
[JsonSerializable(typeof(StateChange.ServiceUpdateStatusSet))]
[JsonSerializable(typeof(StateChange.ServiceRemove))]
[JsonSerializable(typeof(StateChange.RevisionRemove))]
[JsonSerializable(typeof(StateChange.TaskCreate))]
[JsonSerializable(typeof(StateChange.TaskAssign))]
[JsonSerializable(typeof(StateChange.TaskDesire))]
[JsonSerializable(typeof(StateChange.TaskObserve))]
[JsonSerializable(typeof(StateChange.TaskPendingSet))]
[JsonSerializable(typeof(StateChange.TaskRemove))]
[JsonSerializable(typeof(StateChange.CredentialIssue))]
[JsonSerializable(typeof(StateChange.CredentialRevoke))]
[JsonSerializable(typeof(StateChange.CredentialNameRevoke))]
[JsonSerializable(typeof(StateChange.RequestRecord))]
[JsonSerializable(typeof(ServiceMode.Replicated))]
[JsonSerializable(typeof(ServiceMode.Global))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Mount))]
[JsonSerializable(typeof(PublishedPort))]
[JsonSerializable(typeof(NetworkSubnet))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(TaskPort))]
[JsonSerializable(typeof(PendingReason))]
internal sealed partial class StateJsonContext : JsonSerializerContext;
