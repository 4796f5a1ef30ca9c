using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Swarm.Control.Planes;
using Swarm.Protocol.V1;

namespace Swarm.Daemon.Endpoints;

/// <summary>swarmd's gRPC services. A test holds them against the .proto files.</summary>
internal static class GrpcServices
{
    /// <summary>gRPC with our limits, for these services and no others.</summary>
    public static void AddGrpcServer(
        this IServiceCollection services,
        Action<GrpcServiceOptions> configure,
        params IReadOnlyList<Action<ServiceMethodProviderContext<GrpcApi>>> served
    )
    {
        services.AddGrpc(options =>
        {
            GrpcLimits.Apply(options);
            configure(options);
        });
        services.RemoveAll(typeof(IServiceMethodProvider<>));
        var api = new GrpcApi(served);
        services.AddSingleton(api);
        services.AddSingleton<IServiceMethodProvider<GrpcApi>>(api);
    }

    /// <summary>The areas of the control API. The plane says at every call what answers it.</summary>
    public static Action<ServiceMethodProviderContext<GrpcApi>> ControlApi(IControlPlane plane) =>
        context =>
        {
            Add<Protocol.V1.Daemon.DaemonBase>(context, plane, GrpcMethodLists.Daemon);
            Add<Protocol.V1.Membership.MembershipBase>(context, plane, GrpcMethodLists.Membership);
            Add<Clusters.ClustersBase>(context, plane, GrpcMethodLists.Clusters);
            Add<Nodes.NodesBase>(context, plane, GrpcMethodLists.Nodes);
            Add<Services.ServicesBase>(context, plane, GrpcMethodLists.Services);
            Add<Tasks.TasksBase>(context, plane, GrpcMethodLists.Tasks);
            Add<Networks.NetworksBase>(context, plane, GrpcMethodLists.Networks);
            Add<Events.EventsBase>(context, plane, GrpcMethodLists.Events);
        };

    /// <summary>The calls of nodes to a manager.</summary>
    public static Action<ServiceMethodProviderContext<GrpcApi>> NodeServices(
        Dispatcher.DispatcherBase dispatcher,
        CertificateAuthority.CertificateAuthorityBase authority
    ) =>
        context =>
        {
            var own = ValueTask.FromResult(new ControlAreas().Add(dispatcher).Add(authority));
            GrpcMethodLists.Dispatcher(new GrpcMethods<Dispatcher.DispatcherBase>(context, new(_ => own)));
            GrpcMethodLists.CertificateAuthority(new GrpcMethods<CertificateAuthority.CertificateAuthorityBase>(context, new(_ => own)));
        };

    private static void Add<TArea>(ServiceMethodProviderContext<GrpcApi> context, IControlPlane plane, Action<GrpcMethods<TArea>> methods)
        where TArea : class =>
        methods(new GrpcMethods<TArea>(context, new GrpcCalls<TArea>(cancellation => plane.ChooseAsync(typeof(TArea), cancellation))));
}
