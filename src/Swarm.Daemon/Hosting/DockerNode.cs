using Swarm.Control.Addresses;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Endpoints;
using Swarm.DockerSwarm.Areas;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Plane;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using Swarm.Host.Commands;
using Swarm.Host.Systems;
using Swarm.Storage;

namespace Swarm.Daemon.Hosting;

/// <summary>swarmd in front of an engine and its swarm. The engine keeps the membership; swarmd keeps revisions and its own
/// authority.</summary>
internal sealed partial class DockerNode : INodeRuntime
{
    private readonly DaemonOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly EngineClient _engine;
    private readonly DockerMirror _mirror;
    private readonly DockerAuthority _authority;
    private readonly CancellationTokenSource _stopping = new();
    private ClusterHost? _remote;

    public DockerNode(DaemonOptions options, StateDirectory directory, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _time = time;
        _loggers = loggers;
        _engine = new EngineClient(options.DockerHost);
        var ledger = new RevisionLedger(directory);
        _mirror = new DockerMirror(_engine, ledger, time, loggers.CreateLogger<DockerMirror>());
        _authority = DockerAuthority.Open(directory, options.Hostname, time);
        Plane = new DockerControlPlane(
            _engine,
            _mirror,
            new DockerOrchestrator(_engine, _mirror, ledger, time),
            _authority,
            new DockerPlaneOptions
            {
                Hostname = options.Hostname,
                Listen = options.Listen,
                Advertise = options.Advertise,
                Peers = options.Peers,
                Warn = warning => LogUnsafe(loggers.CreateLogger<DockerNode>(), warning),
                HostCommands = new HostCommands(new LocalSystem(), time).RunAsync,
            },
            time,
            _stopping.Token
        );
    }

    public IControlPlane Plane { get; }

    /// <exception cref="SwarmException">ListenAddressInUse, InvalidListenAddress.</exception>
    public async Task ResumeAsync()
    {
        _mirror.Start();
        var listen = AdvertiseAddress.ResolveListen("", _options.Listen, AdvertiseAddress.LocalAddresses());
        _remote = await ClusterHost.StartAsync(listen, _authority.Credentials, Plane, static () => null, _time, _loggers, _stopping.Token);
        LogServing(_loggers.CreateLogger<DockerNode>(), _engine.Endpoint, listen);
    }

    public void BeginStop() => _stopping.Cancel();

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        if (Interlocked.Exchange(ref _remote, null) is { } remote)
        {
            await remote.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _mirror.DisposeAsync();
        await _authority.DisposeAsync();
        _engine.Dispose();
        _stopping.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private static partial void LogUnsafe(ILogger logger, string warning);

    [LoggerMessage(LogLevel.Information, "Serving the swarm of the engine at {Endpoint}; remote sessions on {Listen}.")]
    private static partial void LogServing(ILogger logger, string endpoint, HostAddress listen);
}
