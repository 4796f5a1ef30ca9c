using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Swarm.Manager;
using Swarm.Manager.Dispatcher;
using Swarm.Protocol.V1;

namespace Swarm.Daemon.Endpoints;

/// <summary>swarmd's gRPC services, method by method. A test compares this list with the .proto files.</summary>
internal static class GrpcServices
{
    /// <summary>The members of a service type that Grpc.AspNetCore.Server needs after trimming.</summary>
    internal const DynamicallyAccessedMemberTypes Members =
        DynamicallyAccessedMemberTypes.PublicConstructors
        | DynamicallyAccessedMemberTypes.PublicMethods
        | DynamicallyAccessedMemberTypes.NonPublicMethods;

    /// <summary>gRPC with our limits, for the services here and no others.</summary>
    public static void AddGrpcServer(this IServiceCollection services, Action<GrpcServiceOptions> configure)
    {
        services.AddGrpc(options =>
        {
            GrpcLimits.Apply(options);
            configure(options);
        });
        services.RemoveAll(typeof(IServiceMethodProvider<>));
        services.Bind<ControlService>("swarm.v1.Control", Control);
        services.Bind<DispatcherService>("swarm.v1.Dispatcher", Dispatcher);
        services.Bind<CertificateAuthorityService>("swarm.v1.CertificateAuthority", CertificateAuthority);
    }

    private static void Control(GrpcMethods<ControlService> methods, ControlService to)
    {
        methods.Unary(nameof(to.GetDaemon), GetDaemonRequest.Parser, DaemonInfo.Parser, to.GetDaemon);
        methods.Unary(nameof(to.RunHostCommand), RunHostCommandRequest.Parser, RunHostCommandResponse.Parser, to.RunHostCommand);
        methods.Unary(nameof(to.InitSwarm), InitSwarmRequest.Parser, InitSwarmResponse.Parser, to.InitSwarm);
        methods.Unary(nameof(to.JoinSwarm), JoinSwarmRequest.Parser, JoinSwarmResponse.Parser, to.JoinSwarm);
        methods.Unary(nameof(to.LeaveSwarm), LeaveSwarmRequest.Parser, LeaveSwarmResponse.Parser, to.LeaveSwarm);
        methods.Unary(nameof(to.GetCluster), GetClusterRequest.Parser, Cluster.Parser, to.GetCluster);
        methods.Unary(nameof(to.UpdateCluster), UpdateClusterRequest.Parser, Cluster.Parser, to.UpdateCluster);
        methods.Unary(nameof(to.GetJoinTokens), GetJoinTokensRequest.Parser, JoinTokens.Parser, to.GetJoinTokens);
        methods.Unary(nameof(to.RotateJoinToken), RotateJoinTokenRequest.Parser, JoinTokens.Parser, to.RotateJoinToken);
        methods.Unary(nameof(to.UnlockSwarm), UnlockSwarmRequest.Parser, UnlockSwarmResponse.Parser, to.UnlockSwarm);
        methods.Unary(nameof(to.GetUnlockKey), GetUnlockKeyRequest.Parser, UnlockKey.Parser, to.GetUnlockKey);
        methods.Unary(nameof(to.RotateUnlockKey), RotateUnlockKeyRequest.Parser, UnlockKey.Parser, to.RotateUnlockKey);
        methods.Unary(
            nameof(to.IssueClientCertificate),
            IssueClientCertificateRequest.Parser,
            IssueClientCertificateResponse.Parser,
            to.IssueClientCertificate
        );
        methods.ServerStreaming(nameof(to.ListNodes), ListNodesRequest.Parser, Node.Parser, to.ListNodes);
        methods.Unary(nameof(to.UpdateNode), UpdateNodeRequest.Parser, UpdateNodeResponse.Parser, to.UpdateNode);
        methods.Unary(nameof(to.RemoveNode), RemoveNodeRequest.Parser, RemoveNodeResponse.Parser, to.RemoveNode);
        methods.Unary(nameof(to.CreateService), CreateServiceRequest.Parser, CreateServiceResponse.Parser, to.CreateService);
        methods.ServerStreaming(nameof(to.ListServices), ListServicesRequest.Parser, Service.Parser, to.ListServices);
        methods.Unary(nameof(to.UpdateService), UpdateServiceRequest.Parser, UpdateServiceResponse.Parser, to.UpdateService);
        methods.Unary(nameof(to.ScaleServices), ScaleServicesRequest.Parser, ScaleServicesResponse.Parser, to.ScaleServices);
        methods.Unary(nameof(to.RollbackService), RollbackServiceRequest.Parser, UpdateServiceResponse.Parser, to.RollbackService);
        methods.Unary(nameof(to.RemoveService), RemoveServiceRequest.Parser, RemoveServiceResponse.Parser, to.RemoveService);
        methods.ServerStreaming(
            nameof(to.ListServiceRevisions),
            ListServiceRevisionsRequest.Parser,
            ServiceRevision.Parser,
            to.ListServiceRevisions
        );
        methods.ServerStreaming(nameof(to.WaitServices), WaitServicesRequest.Parser, ServiceProgress.Parser, to.WaitServices);
        methods.ServerStreaming(nameof(to.ListTasks), ListTasksRequest.Parser, Protocol.V1.Task.Parser, to.ListTasks);
        methods.Unary(nameof(to.StopTask), StopTaskRequest.Parser, StopTaskResponse.Parser, to.StopTask);
        methods.ServerStreaming(nameof(to.TestPlacement), TestPlacementRequest.Parser, NodePlacement.Parser, to.TestPlacement);
        methods.Unary(nameof(to.CreateNetwork), CreateNetworkRequest.Parser, Network.Parser, to.CreateNetwork);
        methods.ServerStreaming(nameof(to.ListNetworks), ListNetworksRequest.Parser, Network.Parser, to.ListNetworks);
        methods.Unary(nameof(to.RemoveNetwork), RemoveNetworkRequest.Parser, RemoveNetworkResponse.Parser, to.RemoveNetwork);
        methods.ServerStreaming(nameof(to.WaitNode), WaitNodeRequest.Parser, NodeProgress.Parser, to.WaitNode);
        methods.ServerStreaming(nameof(to.WaitTask), WaitTaskRequest.Parser, StopProgress.Parser, to.WaitTask);
        methods.ServerStreaming(nameof(to.WatchEvents), WatchEventsRequest.Parser, Event.Parser, to.WatchEvents);
    }

    private static void Dispatcher(GrpcMethods<DispatcherService> methods, DispatcherService to) =>
        methods.DuplexStreaming(nameof(to.Session), AgentMessage.Parser, ManagerMessage.Parser, to.Session);

    private static void CertificateAuthority(GrpcMethods<CertificateAuthorityService> methods, CertificateAuthorityService to)
    {
        methods.Unary(
            nameof(to.GetRootCertificate),
            GetRootCertificateRequest.Parser,
            GetRootCertificateResponse.Parser,
            to.GetRootCertificate
        );
        methods.Unary(
            nameof(to.IssueNodeCertificate),
            IssueNodeCertificateRequest.Parser,
            IssueNodeCertificateResponse.Parser,
            to.IssueNodeCertificate
        );
    }

    private static void Bind<[DynamicallyAccessedMembers(Members)] TService>(
        this IServiceCollection services,
        string name,
        Action<GrpcMethods<TService>, TService> bind
    )
        where TService : class =>
        services.AddSingleton<IServiceMethodProvider<TService>>(provider => new Provider<TService>(
            name,
            bind,
            provider.GetRequiredService<TService>()
        ));

    /// <summary>A single instance of the service answers all calls.</summary>
    private sealed class Provider<[DynamicallyAccessedMembers(Members)] TService>(
        string name,
        Action<GrpcMethods<TService>, TService> bind,
        TService service
    ) : IServiceMethodProvider<TService>
        where TService : class
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context) =>
            bind(new GrpcMethods<TService>(name, context), service);
    }
}
