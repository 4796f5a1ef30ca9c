using Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Manager;

internal static class ApiRequests
{
    public static ServiceSpec Spec(string name, ulong replicas = 1, string image = "redis:3.0.6") =>
        new()
        {
            Name = name,
            Container = new ContainerSpec { Image = image },
            Replicated = new ReplicatedMode { Replicas = replicas },
        };

    public static CreateServiceRequest Create(string name, ulong replicas = 1, string image = "redis:3.0.6") =>
        new() { RequestId = Guid.NewGuid().ToString(), Spec = Spec(name, replicas, image) };
}
