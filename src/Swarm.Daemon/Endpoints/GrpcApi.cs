using Grpc.AspNetCore.Server.Model;

namespace Swarm.Daemon.Endpoints;

/// <summary>Everything that one endpoint serves. gRPC knows it as one type with the methods of several services: a type for each would be looked at at every
/// start.</summary>
internal sealed class GrpcApi(params IReadOnlyList<Action<ServiceMethodProviderContext<GrpcApi>>> services) : IServiceMethodProvider<GrpcApi>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<GrpcApi> context)
    {
        foreach (var add in services)
        {
            add(context);
        }
    }
}
