using Grpc.AspNetCore.Server.Model;

namespace Swarm.Daemon.Endpoints;

/// <summary>The services of one endpoint. gRPC knows one type with the methods of all of them: a type for each service costs every start 5 ms of processor
/// time.</summary>
/// <param name="services">Each adds the methods of some services.</param>
internal sealed class GrpcApi(params IReadOnlyList<Action<ServiceMethodProviderContext<GrpcApi>>> services)
    : IServiceMethodProvider<GrpcApi>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<GrpcApi> context)
    {
        foreach (var add in services)
        {
            add(context);
        }
    }
}
