using System.Globalization;
using Swarm.Agent.Executors;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Templates;
using Swarm.Core.Validation;

namespace Swarm.Agent;

/// <summary>Expands the templates of a task with the values of the task and its node.</summary>
internal static class TemplateExpansion
{
    /// <exception cref="SwarmException">A template cannot be read, or what it becomes is not valid.</exception>
    public static TaskDefinition Expand(TaskDefinition task, string nodeId, NodeDescription node)
    {
        var context = new TemplateContext
        {
            ServiceId = task.ServiceId,
            ServiceName = task.ServiceName,
            ServiceLabels = task.Spec.Labels,
            NodeId = nodeId,
            NodeHostname = node.Hostname,
            Os = node.Os,
            Architecture = node.Architecture,
            TaskId = task.TaskId,
            TaskName = task.ContainerName,
            // Global tasks have no slot number; Docker puts the node's id there.
            TaskSlot = task.Slot == 0 ? nodeId : task.Slot.ToString(CultureInfo.InvariantCulture),
        };
        var expanded = ContainerTemplates.Expand(task.Spec.Container, context);
        if (ReferenceEquals(expanded, task.Spec.Container))
        {
            return task;
        }
        ContainerSpecValidation.ValidateExpanded(expanded);
        return task with { Spec = task.Spec with { Container = expanded } };
    }
}
