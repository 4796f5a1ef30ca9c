using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Swarm.Control.Planes;
using Swarm.Protocol.V1;

namespace Swarm.Daemon.Endpoints;

/// <summary>swarmd's gRPC services. A test holds them against the .proto files.</summary>
internal static class GrpcServices
{
    /// <summary>gRPC with our limits, for services that are added here and no others.</summary>
    public static void AddGrpcServer(this IServiceCollection services, Action<GrpcServiceOptions> configure)
    {
        services.AddGrpc(options =>
        {
            GrpcLimits.Apply(options);
            configure(options);
        });
        services.RemoveAll(typeof(IServiceMethodProvider<>));
    }

    /// <summary>The areas of the control API. The plane says at every call what answers it.</summary>
    public static void AddControlApi(this IServiceCollection services, IControlPlane plane)
    {
        services.AddArea<Protocol.V1.Daemon.DaemonBase>(GrpcMethodLists.Daemon, plane);
        services.AddArea<Protocol.V1.Membership.MembershipBase>(GrpcMethodLists.Membership, plane);
        services.AddArea<Clusters.ClustersBase>(GrpcMethodLists.Clusters, plane);
        services.AddArea<Nodes.NodesBase>(GrpcMethodLists.Nodes, plane);
        services.AddArea<Services.ServicesBase>(GrpcMethodLists.Services, plane);
        services.AddArea<Tasks.TasksBase>(GrpcMethodLists.Tasks, plane);
        services.AddArea<Networks.NetworksBase>(GrpcMethodLists.Networks, plane);
        services.AddArea<Events.EventsBase>(GrpcMethodLists.Events, plane);
    }

    public static void MapControlApi(this IEndpointRouteBuilder routes)
    {
        routes.MapService<Protocol.V1.Daemon.DaemonBase>();
        routes.MapService<Protocol.V1.Membership.MembershipBase>();
        routes.MapService<Clusters.ClustersBase>();
        routes.MapService<Nodes.NodesBase>();
        routes.MapService<Services.ServicesBase>();
        routes.MapService<Tasks.TasksBase>();
        routes.MapService<Networks.NetworksBase>();
        routes.MapService<Events.EventsBase>();
    }

    /// <summary>The calls of nodes to a manager.</summary>
    public static void AddNodeServices(
        this IServiceCollection services,
        Dispatcher.DispatcherBase dispatcher,
        CertificateAuthority.CertificateAuthorityBase authority
    )
    {
        var own = new ControlAreas().Add(dispatcher).Add(authority);
        services.AddService<Dispatcher.DispatcherBase>(GrpcMethodLists.Dispatcher, _ => ValueTask.FromResult(own));
        services.AddService<CertificateAuthority.CertificateAuthorityBase>(
            GrpcMethodLists.CertificateAuthority,
            _ => ValueTask.FromResult(own)
        );
    }

    public static void MapNodeServices(this IEndpointRouteBuilder routes)
    {
        routes.MapService<Dispatcher.DispatcherBase>();
        routes.MapService<CertificateAuthority.CertificateAuthorityBase>();
    }

    private static void AddArea<TArea>(this IServiceCollection services, Action<GrpcMethods<TArea>> methods, IControlPlane plane)
        where TArea : class => services.AddService(methods, cancellation => plane.ChooseAsync(typeof(TArea), cancellation));

    private static void AddService<TService>(
        this IServiceCollection services,
        Action<GrpcMethods<TService>> methods,
        Func<CancellationToken, ValueTask<ControlAreas>> choose
    )
        where TService : class
    {
        services.AddSingleton(new GrpcCalls<TService>(choose));
        services.AddSingleton<IServiceMethodProvider<GrpcCalls<TService>>>(new Provider<TService>(methods));
    }

    private static void MapService<TService>(this IEndpointRouteBuilder routes)
        where TService : class => routes.MapGrpcService<GrpcCalls<TService>>();

    private sealed class Provider<TService>(Action<GrpcMethods<TService>> methods) : IServiceMethodProvider<GrpcCalls<TService>>
        where TService : class
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<GrpcCalls<TService>> context) =>
            methods(new GrpcMethods<TService>(context));
    }
}
