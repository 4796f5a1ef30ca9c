using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Daemon.Endpoints;
using Swarm.Daemon.Tests.Dispatcher;
using Swarm.Manager;
using Swarm.Manager.Dispatcher;
using Swarm.Security;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>A generator writes the lists of methods, and swarmd takes up the services by hand: both must match the .proto files.</summary>
public sealed class GrpcServicesTests
{
    public static TheoryData<string> Services => [.. ProtoServices.All.Select(d => d.Name)];

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_method_of_the_proto_file_is_served_with_its_types(string service)
    {
        var descriptor = ProtoServices.All.Single(d => d.Name == service);
        var expected = descriptor.Methods.Select(m => (m.Name, TypeOf(m), m.InputType.ClrType, m.OutputType.ClrType));
        var served = Endpoints()
            .Select(e => e.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method)
            .OfType<IMethod>()
            .Where(m => m.ServiceName == descriptor.FullName)
            .Select(m => (m.Name, m.Type, m.GetType().GenericTypeArguments[0], m.GetType().GenericTypeArguments[1]));
        Assert.Equal(expected.OrderBy(m => m.Name), served.OrderBy(m => m.Name));
    }

    private static IEnumerable<Microsoft.AspNetCore.Http.Endpoint> Endpoints()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddRouting();
        builder.Services.AddGrpcServer(
            static _ => { },
            GrpcServices.ControlApi(new ObjectsOnlyControlPlane(null!)),
            GrpcServices.NodeServices(
                new DispatcherService(() => null, new CertificatePeerIdentity()),
                new CertificateAuthorityService(() => null, TimeProvider.System, NullLogger<CertificateAuthorityService>.Instance)
            )
        );
        var app = builder.Build();
        app.MapGrpcService<GrpcApi>();
        return ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints);
    }

    private static MethodType TypeOf(Google.Protobuf.Reflection.MethodDescriptor method) =>
        (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (false, false) => MethodType.Unary,
            (false, true) => MethodType.ServerStreaming,
            (true, false) => MethodType.ClientStreaming,
            _ => MethodType.DuplexStreaming,
        };
}
