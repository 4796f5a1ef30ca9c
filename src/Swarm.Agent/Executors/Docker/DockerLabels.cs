using global::Docker.DotNet.Models;

namespace Swarm.Agent.Executors.Docker;

/// <summary>Labels that identify containers: Docker's own names for a task's parts, and ours for cluster and node.</summary>
internal static class DockerLabels
{
    public const string TaskId = "com.docker.swarm.task.id";
    public const string ServiceId = "com.docker.swarm.service.id";
    public const string NodeId = "com.docker.swarm.node.id";
    public const string ClusterId = "swarm.cluster.id";

    public static Dictionary<string, string> Of(TaskDefinition task, ExecutorNode node) =>
        // The user's labels come first, so that none of them hides the owner of the container.
        new(task.Spec.Container.Labels, StringComparer.Ordinal)
        {
            ["com.docker.swarm.task"] = "",
            [TaskId] = task.TaskId,
            ["com.docker.swarm.task.name"] = task.ContainerName,
            [ServiceId] = task.ServiceId,
            ["com.docker.swarm.service.name"] = task.ServiceName,
            [NodeId] = node.NodeId,
            [ClusterId] = node.ClusterId,
        };

    public static bool AreOf(IDictionary<string, string>? labels, ExecutorNode node) =>
        labels is not null
        && labels.TryGetValue(ClusterId, out var cluster)
        && cluster == node.ClusterId
        && labels.TryGetValue(NodeId, out var id)
        && id == node.NodeId
        && labels.ContainsKey(TaskId);

    /// <summary>The engine's filter for this node's containers.</summary>
    public static Dictionary<string, IDictionary<string, bool>> Filter(ExecutorNode node, string? taskId = null)
    {
        var labels = new Dictionary<string, bool> { [$"{ClusterId}={node.ClusterId}"] = true, [$"{NodeId}={node.NodeId}"] = true };
        if (taskId is not null)
        {
            labels[$"{TaskId}={taskId}"] = true;
        }
        return new Dictionary<string, IDictionary<string, bool>> { ["label"] = labels };
    }

    public static ContainersListParameters List(ExecutorNode node, string? taskId = null) =>
        new() { All = true, Filters = Filter(node, taskId) };
}
