using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Reading;

/// <summary>The API's messages about objects. Methods that take the state are called under its shared lock.</summary>
internal static class WireObjects
{
    public static V1.Service Of(Service service, ClusterState state) => Of(service, ServiceFacts.Of(service, state));

    public static V1.Service Of(Service service, ServiceFacts facts)
    {
        var wire = new V1.Service
        {
            Id = service.Id,
            Version = service.Version,
            CreatedAt = ProtocolMapping.ToWire(service.CreatedAt),
            UpdatedAt = ProtocolMapping.ToWire(service.UpdatedAt),
            Spec = ProtocolMapping.ToWire(service.Spec),
            Revision = service.Revision,
            UpdateStatus = ProtocolMapping.ToWire(service.UpdateStatus),
            RunningTasks = facts.Running,
            DesiredTasks = facts.Desired,
        };
        wire.PublishedPorts.AddRange(service.Ports.Select(ProtocolMapping.ToWire));
        if (facts.Previous is { } previous)
        {
            wire.PreviousSpec = ProtocolMapping.ToWire(previous.Spec);
        }
        return wire;
    }

    public static V1.Task Of(SwarmTask task, ClusterState state) =>
        Of(task, Selectors.ServiceNameOf(state, task), NodeName(state, task.NodeId), NodeStateOf(state, task.NodeId), ImageOf(task, state));

    public static V1.Task Of(SwarmTask task, string serviceName, string nodeName, NodeState nodeState, string image)
    {
        var wire = new V1.Task
        {
            Id = task.Id,
            ServiceId = task.ServiceId,
            ServiceName = serviceName,
            Slot = task.Slot,
            NodeId = task.NodeId ?? "",
            NodeName = nodeName,
            NodeState = ProtocolMapping.ToWire(nodeState),
            Image = image,
            DesiredState = ProtocolMapping.ToWire(task.DesiredState),
            Status = ProtocolMapping.ToWire(task.Status),
            Revision = task.Revision,
            CreatedAt = ProtocolMapping.ToWire(task.CreatedAt),
            UpdatedAt = ProtocolMapping.ToWire(task.Status.Timestamp),
            ContainerName = TaskNames.ContainerNameOf(task, serviceName),
            Name = TaskNames.NameOf(task, serviceName),
        };
        wire.Pending.AddRange(ProtocolMapping.ToWire(task.Pending));
        return wire;
    }

    public static string ImageOf(SwarmTask task, ClusterState state) =>
        state.FindRevision(task.ServiceId, task.Revision)?.Spec.Container.Image ?? "";

    public static NodeState NodeStateOf(ClusterState state, string? nodeId) =>
        nodeId is null ? NodeState.Unknown : state.FindNode(nodeId)?.Status.State ?? NodeState.Unknown;

    public static string NodeName(ClusterState state, string? nodeId) =>
        string.IsNullOrEmpty(nodeId) ? "" : state.FindNode(nodeId)?.Name ?? nodeId;
}
