using Swarm.Control.State;
using Swarm.Core.State;

namespace Swarm.Manager.Leader;

/// <summary>The objects (and unique names) that changes touch. Two commands that were checked against the same state may share a batch only
/// if these differ.</summary>
internal static class CommandKeys
{
    public static HashSet<string> Of(CommandChanges command, string requestId, ClusterState state)
    {
        var keys = new HashSet<string>(command.DependsOn, StringComparer.Ordinal);
        if (requestId.Length > 0)
        {
            keys.Add("request:" + requestId);
        }
        foreach (var change in command.Changes)
        {
            switch (change)
            {
                case StateChange.ClusterSet:
                    keys.Add("cluster");
                    break;
                case StateChange.NodeCreate c:
                    keys.Add("node:" + c.Node.Id);
                    break;
                case StateChange.NodeSpecSet c:
                    keys.Add("node:" + c.NodeId);
                    break;
                case StateChange.NodeStatusSet c:
                    keys.Add("node:" + c.NodeId);
                    break;
                case StateChange.NodeDescriptionSet c:
                    keys.Add("node:" + c.NodeId);
                    break;
                case StateChange.NodeRoleSet c:
                    keys.Add("node:" + c.NodeId);
                    break;
                case StateChange.NodeRemove c:
                    keys.Add("node:" + c.NodeId);
                    break;
                case StateChange.ServiceCreate c:
                    keys.Add("service:" + c.Service.Id);
                    keys.Add("name:" + c.Service.Spec.Name);
                    break;
                case StateChange.ServiceSpecSet c:
                    keys.Add("service:" + c.ServiceId);
                    break;
                case StateChange.ServiceUpdateStatusSet c:
                    keys.Add("service:" + c.ServiceId);
                    break;
                case StateChange.ServiceRemove c:
                    keys.Add("service:" + c.ServiceId);
                    // The next creation of a service with that name comes after this batch.
                    if (state.FindService(c.ServiceId) is { } service)
                    {
                        keys.Add("name:" + service.Spec.Name);
                    }
                    break;
                case StateChange.RevisionRemove c:
                    keys.Add("service:" + c.ServiceId);
                    break;
                case StateChange.TaskCreate c:
                    keys.Add("service:" + c.Task.ServiceId);
                    break;
                case StateChange.TaskAssign c:
                    AddTask(keys, c.TaskId, state);
                    break;
                case StateChange.TaskDesire c:
                    AddTask(keys, c.TaskId, state);
                    break;
                case StateChange.TaskPendingSet c:
                    AddTask(keys, c.TaskId, state);
                    break;
                case StateChange.TaskRemove c:
                    AddTask(keys, c.TaskId, state);
                    break;
                default:
                    // An observed status only moves forward and touches nothing else; a request record has its key already.
                    break;
            }
        }
        return keys;
    }

    private static void AddTask(HashSet<string> keys, string taskId, ClusterState state)
    {
        keys.Add("task:" + taskId);
        if (state.FindTask(taskId) is { } task)
        {
            keys.Add("service:" + task.ServiceId);
        }
    }
}
