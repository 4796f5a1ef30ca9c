using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>The API's messages of objects, with looked-up names. Called under the shared lock.</summary>
internal static class WireObjects
{
    public static V1.Service Of(Service service, ClusterState state)
    {
        var running = 0UL;
        var wanted = 0UL;
        foreach (var task in state.TasksOfService(service.Id))
        {
            if (task.DesiredState > TaskState.Running)
            {
                continue;
            }
            wanted++;
            // Tasks on nodes that are down do not run as far as anybody knows: docker service ls leaves them out too. It still counts
            // tasks that are being stopped (50/5 on the way down). A script that waits for "as many as wanted" has no use for that.
            if (
                task.Status.State == TaskState.Running
                && task.NodeId is { } id
                && state.FindNode(id) is { Status.State: not NodeState.Down }
            )
            {
                running++;
            }
        }
        var wire = new V1.Service
        {
            Id = service.Id,
            Version = service.Version,
            CreatedAt = ProtocolMapping.ToWire(service.CreatedAt),
            UpdatedAt = ProtocolMapping.ToWire(service.UpdatedAt),
            Spec = ProtocolMapping.ToWire(service.Spec),
            Revision = service.Revision,
            UpdateStatus = ProtocolMapping.ToWire(service.UpdateStatus),
            RunningTasks = running,
            DesiredTasks = service.Spec.Mode is ServiceMode.Replicated replicated ? replicated.Replicas : wanted,
        };
        if (service.PreviousRevision > 0 && state.FindRevision(service.Id, service.PreviousRevision) is { } previous)
        {
            wire.PreviousSpec = ProtocolMapping.ToWire(previous.Spec);
        }
        return wire;
    }

    public static V1.Task Of(SwarmTask task, ClusterState state)
    {
        var serviceName = Selectors.ServiceNameOf(state, task);
        var wire = new V1.Task
        {
            Id = task.Id,
            ServiceId = task.ServiceId,
            ServiceName = serviceName,
            Slot = task.Slot,
            NodeId = task.NodeId ?? "",
            NodeName = NodeName(state, task.NodeId),
            Image = state.FindRevision(task.ServiceId, task.Revision)?.Spec.Container.Image ?? "",
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

    public static V1.Preview Of(IReadOnlyList<PlannedAction> actions, ClusterState state)
    {
        var preview = new V1.Preview();
        foreach (var action in actions)
        {
            preview.Actions.Add(
                new V1.PreviewAction
                {
                    Action = action.Action switch
                    {
                        PlannedActionKind.Create => "create",
                        PlannedActionKind.Stop => "stop",
                        PlannedActionKind.Keep => "keep",
                        PlannedActionKind.Move => "move",
                        PlannedActionKind.Remove => "remove",
                        _ => throw new InvalidOperationException($"Unknown action {action.Action}."),
                    },
                    TaskName = action.TaskName,
                    TaskId = action.TaskId,
                    NodeName = NodeName(state, action.NodeId),
                    Detail = action.Detail,
                }
            );
        }
        return preview;
    }

    public static string NodeName(ClusterState state, string? nodeId) =>
        string.IsNullOrEmpty(nodeId) ? "" : state.FindNode(nodeId)?.Name ?? nodeId;
}
