using global::Docker.DotNet.Models;
using Swarm.Engine;

namespace Swarm.Agent.Executors.Docker;

/// <summary>Converts a task definition to the parameters of the engine's create call.</summary>
internal static class ContainerParameters
{
    public static CreateContainerParameters From(TaskDefinition task, ExecutorNode node)
    {
        var parameters = DockerContainer.ToCreate(task.Spec.Container);
        parameters.Name = task.ContainerName;
        parameters.Labels = DockerLabels.Of(task, node);
        var resources = task.Spec.Resources;
        var host = parameters.HostConfig!;
        host.NanoCPUs = resources.Limits.NanoCpus;
        host.Memory = resources.Limits.MemoryBytes;
        if (resources.PidsLimit > 0)
        {
            host.PidsLimit = resources.PidsLimit;
        }
        return parameters;
    }
}
