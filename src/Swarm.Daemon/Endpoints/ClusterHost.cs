using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Swarm.Control.Addresses;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Daemon.Endpoints.Admission;
using Swarm.Manager;
using Swarm.Manager.Dispatcher;
using Swarm.Security;

namespace Swarm.Daemon.Endpoints;

/// <summary>The cluster port (2377): control API, dispatcher and certificate authority with mTLS. It exists while the node is a
/// member.</summary>
internal sealed class ClusterHost : IAsyncDisposable
{
    /// <summary>The time after which remaining calls are aborted.</summary>
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(2);

    private readonly WebApplication _app;

    private ClusterHost(WebApplication app) => _app = app;

    /// <param name="listen">The listening address; an IP address.</param>
    /// <param name="credentials">The identity of this node, and the root that it trusts.</param>
    /// <param name="plane">Answers the control API.</param>
    /// <param name="manager">The manager that runs here, or null.</param>
    /// <param name="time">The clock for checking certificates.</param>
    /// <param name="loggers">The loggers of swarmd.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SwarmException">ListenAddressInUse, InvalidListenAddress.</exception>
    public static async Task<ClusterHost> StartAsync(
        HostAddress listen,
        ClusterCredentials credentials,
        IControlPlane plane,
        Func<ManagerRuntime?> manager,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "swarmd" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, DependentLifetime>();
        builder.Services.AddSingleton<StatusInterceptor>();
        builder.Services.AddGrpcServer(
            static options => options.Interceptors.Add<StatusInterceptor>(),
            GrpcServices.ControlApi(plane),
            GrpcServices.NodeServices(
                new DispatcherService(() => manager()?.Agents, new CertificatePeerIdentity()),
                new CertificateAuthorityService(manager, time, loggers.CreateLogger<CertificateAuthorityService>())
            )
        );
        var authorization = new PeerAuthorization(credentials, MembersOf(manager));
        var limits = new ClusterLimits();
        var known = new KnownAddresses();
        if (manager() is { } here)
        {
            MemberAddresses.Follow(here.State, known);
        }
        var gate = new ClusterGate(authorization, limits, known, LogRation.Usual(), loggers.CreateLogger<ClusterGate>());
        builder
            .WebHost.UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
            {
                GrpcLimits.Apply(kestrel);
                ClusterLimits.Apply(kestrel);
                kestrel.Listen(
                    new IPEndPoint(listen.IpAddress ?? IPAddress.Any, listen.Port),
                    endpoint =>
                    {
                        endpoint.Protocols = HttpProtocols.Http2;
                        gate.UseHttps(endpoint, credentials, SslApplicationProtocol.Http2);
                    }
                );
            });
        var app = builder.Build();
        var malformed = new MalformedCalls(LogRation.Usual(), loggers.CreateLogger<MalformedCalls>());
        var calls = new CallGate(authorization, limits, LogRation.Usual(), loggers.CreateLogger<CallGate>());
        app.Use(next => context => malformed.InvokeAsync(context, next));
        app.Use(next => context => calls.InvokeAsync(context, next));
        app.MapGrpcService<GrpcApi>();
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException e)
        {
            await app.DisposeAsync();
            throw InUse(listen, e);
        }
        catch (SocketException e)
        {
            await app.DisposeAsync();
            throw NotUsable(listen, e);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        return new ClusterHost(app);
    }

    /// <summary>Says whether a node (by id) is in the swarm; null while the manager's state is not read. Where no manager runs, every node with a
    /// certificate is.</summary>
    internal static Func<string, bool?> MembersOf(Func<ManagerRuntime?> manager) =>
        id =>
            manager() is not { } running ? true
            : running.HasState ? running.State.Read(s => s.FindNode(id) is not null)
            : null;

    /// <summary>Checks that the address is free, before anything is done that depends on it.</summary>
    /// <exception cref="SwarmException">ListenAddressInUse, InvalidListenAddress.</exception>
    public static void RequireFree(HostAddress listen)
    {
        var endPoint = new IPEndPoint(listen.IpAddress ?? IPAddress.Any, listen.Port);
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen();
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse ? InUse(listen, e) : NotUsable(listen, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(StopWithin);
        await _app.StopAsync(deadline.Token);
        await _app.DisposeAsync();
    }

    private static SwarmException InUse(HostAddress listen, Exception inner) =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "ListenAddressInUse",
            $"Cannot listen on {listen}: the port is in use by another program.",
            listen.ToString(),
            "Stop that program, or choose another address or port with -ListenAddress (swarmd --listen).",
            inner
        );

    private static SwarmException NotUsable(HostAddress listen, Exception inner) =>
        new(
            SwarmErrorKind.InvalidArgument,
            "InvalidListenAddress",
            $"Cannot listen on {listen}: {inner.Message}.",
            listen.ToString(),
            "Give an address of this machine with -ListenAddress (swarmd --listen); 0.0.0.0 is all of them.",
            inner
        );

    /// <summary>swarmd starts and stops this host, not the system's signals.</summary>
    private sealed class DependentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
