using System.Globalization;
using global::Docker.DotNet.Models;
using Swarm.Core.Model;
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
        if (task.Endpoint is { } endpoint)
        {
            Publish(parameters, endpoint);
        }
        return parameters;
    }

    /// <summary>The engine forwards the ports of the task's place on the node to the container.</summary>
    private static void Publish(CreateContainerParameters parameters, TaskEndpoint endpoint)
    {
        parameters.ExposedPorts ??= new Dictionary<string, EmptyStruct>();
        var bindings = parameters.HostConfig!.PortBindings ??= new Dictionary<string, IList<PortBinding>>();
        foreach (var port in endpoint.Ports)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{port.Target}/{port.Protocol.ToString().ToLowerInvariant()}");
            parameters.ExposedPorts[name] = default;
            bindings[name] =
            [
                new PortBinding { HostIP = endpoint.Address, HostPort = port.Listening.ToString(CultureInfo.InvariantCulture) },
            ];
        }
    }
}
