using System.Diagnostics;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Swarm.Consensus;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Daemon.Areas;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Endpoints;
using Swarm.Daemon.Endpoints.Admission;
using Swarm.Daemon.Membership;
using Swarm.Storage;

namespace Swarm.Daemon.Hosting;

/// <summary>The whole of swarmd: the node, and the control API on the local socket. It runs until the system (or the caller) stops
/// it.</summary>
public sealed partial class ControlHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly StateDirectory _directory;
    private readonly ILoggerFactory _loggers;

    private ControlHost(WebApplication app, StateDirectory directory, INodeRuntime runtime, ILoggerFactory loggers)
    {
        _app = app;
        _directory = directory;
        _loggers = loggers;
        Runtime = runtime;
    }

    internal INodeRuntime Runtime { get; }

    /// <summary>Set when this process could not go on; its exit code then differs from 0.</summary>
    public Exception? Fatal { get; private set; }

    /// <summary>Takes the state directory, resumes the node's membership and opens the socket.</summary>
    /// <param name="options">The settings of swarmd.</param>
    /// <param name="time">The clock of every deadline and certificate.</param>
    /// <param name="loggers">The loggers; null: to standard error, as configured. The caller disposes its own.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SwarmException">StateDirectoryInUse, SocketInUse, NotSupported, …: nothing was started.</exception>
    public static async Task<ControlHost> StartAsync(
        DaemonOptions options,
        TimeProvider? time = null,
        ILoggerFactory? loggers = null,
        CancellationToken cancellation = default
    )
    {
        var clock = time ?? TimeProvider.System;
        var directory = StateDirectory.Open(options.StateDirectory);
        var ownLoggers = loggers is null ? DaemonLogging.Create(options) : null;
        INodeRuntime? runtime = null;
        try
        {
            var log = (loggers ?? ownLoggers!).CreateLogger<ControlHost>();
            foreach (var warning in directory.Warnings)
            {
                LogUnsafe(log, warning);
            }
            if (Environment.GetEnvironmentVariable(ReplicatedLogOptions.SyncDelayVariable) is { Length: > 0 } delay)
            {
                LogSlowed(log, ReplicatedLogOptions.SyncDelayVariable, delay);
            }
            if (!OperatingSystem.IsWindows())
            {
                UnixSocketFile.Prepare(options.Socket);
            }
            ControlHost? host = null;
            runtime =
                options.ControlPlane == ControlPlaneKind.Docker
                    ? new DockerNode(options, directory, clock, loggers ?? ownLoggers!)
                    : CreateNode(options, directory, clock, loggers ?? ownLoggers!, error => host?.Abort(error));
            var app = Build(options, runtime, loggers ?? ownLoggers!);
            host = new ControlHost(app, directory, runtime, ownLoggers ?? LoggerFactory.Create(static _ => { }));
            // The membership comes first: a client that finds the socket finds a node that knows its role.
            await runtime.ResumeAsync();
            await app.StartAsync(cancellation);
            if (!OperatingSystem.IsWindows())
            {
                UnixSocketFile.Restrict(options.Socket);
            }
            return host;
        }
        catch (Exception e)
        {
            if (runtime is not null)
            {
                await runtime.DisposeAsync();
            }
            directory.Dispose();
            ownLoggers?.Dispose();
            throw e is IOException
                ? new SwarmException(
                    SwarmErrorKind.FailedPrecondition,
                    "SocketNotUsable",
                    $"The socket '{options.Socket}' cannot be used: {e.Message}",
                    options.Socket,
                    "Start swarmd with another --socket.",
                    e
                )
                : e;
        }
    }

    /// <summary>Returns when the system asks swarmd to stop (SIGTERM, the service manager), after everything has stopped.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellation) => _app.WaitForShutdownAsync(cancellation);

    /// <summary>Time since this process was started.</summary>
    internal static TimeSpan SinceProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return DateTime.Now - process.StartTime;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Runtime.DisposeAsync();
        _directory.Dispose();
        _loggers.Dispose();
    }

    private static NodeRuntime CreateNode(
        DaemonOptions options,
        StateDirectory directory,
        TimeProvider clock,
        ILoggerFactory loggers,
        Action<Exception> fatal
    )
    {
        var executors = new ExecutorFactory(options, clock);
        return new NodeRuntime(
            new NodeRuntimeOptions
            {
                Daemon = options,
                CreatePlane = static (runtime, its) => new BuiltinControlPlane(runtime, its),
                Directory = directory,
                CreateExecutor = (clusterId, nodeId) => executors.Create(clusterId, nodeId, directory),
                CreateDataPlane = (clusterId, nodeId, address) => executors.CreateDataPlane(clusterId, nodeId, address, loggers),
                ExecutorName = executors.Name,
                LoggerFactory = loggers,
                Fatal = fatal,
                Time = clock,
            }
        );
    }

    private void Abort(Exception error)
    {
        Fatal = error;
        _app.Lifetime.StopApplication();
    }

    private static WebApplication Build(DaemonOptions options, INodeRuntime runtime, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "swarmd" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSystemd();
        builder.Services.AddWindowsService(static service => service.ServiceName = "swarmd");
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.Services.Configure<ConsoleLifetimeOptions>(static console => console.SuppressStatusMessages = true);
        builder.Services.AddSingleton<StatusInterceptor>();
        builder.Services.AddHostedService(services => new NodeStop(
            runtime,
            options.Socket,
            services.GetRequiredService<IHostApplicationLifetime>()
        ));
        builder.Services.AddGrpcServer(static grpc => grpc.Interceptors.Add<StatusInterceptor>(), GrpcServices.ControlApi(runtime.Plane));
        builder.WebHost.UseKestrelCore();
        if (OperatingSystem.IsWindows())
        {
            builder.WebHost.UseNamedPipes();
        }
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            GrpcLimits.Apply(kestrel);
            if (OperatingSystem.IsWindows())
            {
                kestrel.ListenNamedPipe(options.Socket[@"\\.\pipe\".Length..], static endpoint => endpoint.Protocols = HttpProtocols.Http2);
            }
            else
            {
                kestrel.ListenUnixSocket(options.Socket, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
            }
        });
        var app = builder.Build();
        var malformed = new MalformedCalls(LogRation.Usual(), loggers.CreateLogger<MalformedCalls>());
        app.Use(next => context => malformed.InvokeAsync(context, next));
        app.MapGrpcService<GrpcApi>();
        return app;
    }

    /// <summary>Ends streams as soon as swarmd is asked to stop, and the node once the socket accepts no more calls.</summary>
    private sealed class NodeStop(INodeRuntime runtime, string socket, IHostApplicationLifetime lifetime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            lifetime.ApplicationStopping.Register(runtime.BeginStop);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            if (!OperatingSystem.IsWindows() && File.Exists(socket))
            {
                File.Delete(socket);
            }
            await runtime.StopAsync();
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "{Variable} is set to '{Delay}': a manager's changes take so many milliseconds longer. It is for tests: remove it from the environment of swarmd, and start swarmd again."
    )]
    private static partial void LogSlowed(ILogger logger, string variable, string delay);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private static partial void LogUnsafe(ILogger logger, string warning);
}
