using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Swarm.Core.Errors;
using Swarm.Daemon.Endpoints;
using Swarm.Daemon.Tests.Manager;
using Swarm.Manager;
using Swarm.Manager.Dispatcher;
using Swarm.Security;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>A manager behind real gRPC on a Unix socket. The caller's node id is in a header; the real daemon reads it from a
/// certificate.</summary>
internal sealed class GrpcManager : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _directory;
    private readonly GrpcChannel _channel;

    private GrpcManager(TestManager manager, WebApplication app, string directory)
    {
        Manager = manager;
        _app = app;
        _directory = directory;
        _channel = UnixSocketChannel.Open(Path.Combine(directory, "s"));
        Control = new V1.ControlClient(_channel);
    }

    public TestManager Manager { get; }
    public V1.ControlClient Control { get; }

    public static async Task<GrpcManager> StartAsync(TimeSpan? heartbeat = null)
    {
        var manager = await TestManager.StartAsync(heartbeat);
        var directory = Directory.CreateTempSubdirectory("swarm-test-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(Path.Combine(directory, "s"), o => o.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpcServer(
            o => o.Interceptors.Add<StatusInterceptor>(),
            GrpcServices.ControlApi(new ObjectsOnlyControlPlane(manager.Runtime.Objects)),
            GrpcServices.NodeServices(
                new DispatcherService(() => manager.Runtime.Agents, new HeaderIdentity()),
                new CertificateAuthorityService(
                    () => manager.Runtime,
                    TimeProvider.System,
                    Microsoft.Extensions.Logging.Abstractions.NullLogger<CertificateAuthorityService>.Instance
                )
            )
        );
        var app = builder.Build();
        app.MapGrpcService<GrpcApi>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new GrpcManager(manager, app, directory);
    }

    /// <summary>Opens a session as a node, without registering.</summary>
    public AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage> Call(string nodeId) =>
        new V1.Dispatcher.DispatcherClient(_channel).Session(new Metadata { { "node", nodeId } });

    public Task<ScriptedAgent> ConnectAsync(string nodeId, params V1.TaskStatusUpdate[] tasks) =>
        ConnectWithAsync(nodeId, "Simulated", tasks);

    /// <summary>Connects as a node with that executor.</summary>
    public async Task<ScriptedAgent> ConnectWithAsync(string nodeId, string executor, params V1.TaskStatusUpdate[] tasks)
    {
        var agent = new ScriptedAgent(nodeId, Call(nodeId), executor);
        await agent.RegisterAsync(tasks);
        return agent;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await Manager.DisposeAsync();
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private sealed class HeaderIdentity : IPeerIdentity
    {
        public string RequireNode(ServerCallContext context) =>
            context.RequestHeaders.GetValue("node")
            ?? throw new SwarmException(SwarmErrorKind.PermissionDenied, "NotANode", "The caller is not a node of this swarm.");
    }
}
