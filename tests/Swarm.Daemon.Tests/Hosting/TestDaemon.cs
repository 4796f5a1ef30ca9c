using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Swarm.Control.Addresses;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Hosting;
using Swarm.Daemon.Membership;
using Swarm.Daemon.Tests.Agent;
using Swarm.Daemon.Tests.Processes;
using Swarm.Daemon.Tests.Storage;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>A whole swarmd in this process: its socket and its cluster port are real, its tasks are simulated.</summary>
internal sealed class TestDaemon : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly LogLines _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private readonly List<GrpcChannel> _channels = [];
    private ControlHost? _host;

    private TestDaemon(string name, TimeProvider time)
    {
        _time = time;
        _loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_log));
        HostAddress.TryParse(LoopbackAddress.Next(), HostAddress.ClusterPort, out var address);
        Options = new DaemonOptions
        {
            StateDirectory = _directory.Combine("state"),
            Socket = _directory.Combine("s"),
            Listen = address!,
            Advertise = address,
            Hostname = name,
            Executor = ExecutorKind.Simulated,
        };
        Connect();
    }

    public DaemonOptions Options { get; set; }

    /// <summary>Over the local socket.</summary>
    public V1.ControlClient Control { get; private set; }

    public string Address => Options.Listen.ToString();

    public NodeRuntime Runtime => (NodeRuntime)_host!.Runtime;

    /// <summary>Its log, a line each.</summary>
    public string Log => string.Join('\n', _log.All);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<TestDaemon> StartAsync(string name = "manager1", TimeProvider? time = null)
    {
        var daemon = new TestDaemon(name, time ?? TimeProvider.System);
        await daemon.StartAsync();
        return daemon;
    }

    /// <summary>On options of the test's own: a state directory that is there already, say.</summary>
    public static async Task<TestDaemon> StartAsync(Func<DaemonOptions, DaemonOptions> options, TimeProvider time)
    {
        var daemon = new TestDaemon("node1", time);
        daemon.Options = options(daemon.Options);
        await daemon.StartAsync();
        return daemon;
    }

    /// <summary>A manager of a new swarm.</summary>
    public static async Task<TestDaemon> StartManagerAsync(TimeProvider? time = null, V1.ClusterSettings? settings = null)
    {
        var daemon = await StartAsync("manager1", time);
        await daemon.InitAsync(settings);
        return daemon;
    }

    public async Task StartAsync()
    {
        _host = await ControlHost.StartAsync(Options, _time, _loggers, Cancel);
    }

    /// <summary>A planned stop.</summary>
    public async Task StopAsync()
    {
        await _host!.DisposeAsync();
        _host = null;
        // A connection that was opened while the socket was closing would fail the first call after the next start.
        Connect();
    }

    [MemberNotNull(nameof(Control))]
    private void Connect()
    {
        // The former channel may have streams that a test still reads.
        _channels.Add(ScriptedDispatcher.Connect(Options.Socket));
        Control = new V1.ControlClient(_channels[^1]);
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async Task<V1.InitSwarmResponse> InitAsync(V1.ClusterSettings? settings = null) =>
        await Control.Membership.InitSwarmAsync(new V1.InitSwarmRequest { Settings = settings }, cancellationToken: Cancel);

    public async Task<V1.JoinSwarmResponse> JoinAsync(TestDaemon manager, string? token = null)
    {
        token ??= (await manager.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel)).Worker;
        return await Control.Membership.JoinSwarmAsync(
            new V1.JoinSwarmRequest { Token = token, RemoteAddresses = { manager.Address } },
            cancellationToken: Cancel
        );
    }

    public async Task<V1.DaemonInfo> InfoAsync() => await Control.Daemon.GetDaemonAsync(new(), cancellationToken: Cancel);

    /// <summary>Waits until this daemon's view of itself is as wanted, and returns it.</summary>
    public Task<V1.DaemonInfo> InfoAsync(Func<V1.DaemonInfo, bool> wanted) =>
        Eventually.GetAsync(InfoAsync, wanted, $"{Options.Hostname} as wanted", () => Log);

    /// <summary>Waits until the nodes are as wanted, and returns them; for managers.</summary>
    public Task<List<V1.Node>> NodesAsync(Func<List<V1.Node>, bool> wanted) =>
        Eventually.GetAsync(NodesOnceAsync, wanted, "nodes as wanted", () => Log);

    public Task<List<V1.Node>> NodesAsync() => NodesAsync(static _ => true);

    /// <summary>As <see cref="NodesAsync()"/>, but returns a refusal at once.</summary>
    public async Task<List<V1.Node>> NodesOnceAsync()
    {
        using var call = Control.Nodes.ListNodes(new(), cancellationToken: Cancel);
        return await Deadline.WaitAsync(call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel), "the end of a list");
    }

    /// <summary>A channel to the cluster port, with or without a certificate; the server's certificate is not verified.</summary>
    public GrpcChannel Connect(X509Certificate2? certificate = null) =>
        ClusterChannel.Create(Address, ClusterTls.ClientOptions(static _ => true, certificate));

    /// <summary>A certificate of this swarm for any name, signed with the swarm's own key.</summary>
    public X509Certificate2 Issue(string name, CertificateRole role, TimeSpan? lifetime = null)
    {
        var cluster = Runtime.Now.Active!.Manager!.State.Read(static s => s.Cluster)!;
        using var authority = new CertificateAuthority(cluster.RootCertificate, cluster.RootKey);
        var (key, request) = NodeIdentity.CreateRequest();
        var certificate = authority.Sign(
            request,
            new PeerIdentity(name, role, cluster.Id),
            lifetime ?? TimeSpan.FromDays(1),
            _time.GetUtcNow()
        );
        return NodeIdentity.Create(certificate, key, cluster.RootCertificate).Certificate;
    }

    /// <summary>The daemon answers on its socket and, as a manager, on its port; its swarm is unchanged.</summary>
    public async Task AssertWorksAsync()
    {
        Assert.Equal(V1.LocalNodeState.Active, (await InfoAsync()).State);
        using var certificate = Issue("tester", CertificateRole.Admin);
        using var channel = Connect(certificate);
        await new V1.ControlClient(channel).Clusters.GetClusterAsync(new(), cancellationToken: Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(static c => c.Dispose());
        if (_host is { } host)
        {
            await host.DisposeAsync();
        }
        _loggers.Dispose();
        _directory.Dispose();
    }

    public static V1.ClusterSettings Expiry(TimeSpan certificates) => new() { CertificateExpiry = Duration.FromTimeSpan(certificates) };

    /// <summary>The call is refused with this error id.</summary>
    public static async Task<RpcException> RefusedAsync(string errorId, Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call);
        Assert.True(
            e.Trailers.GetValue("swarm-error-id") == errorId,
            $"{errorId} expected, not {e.Trailers.GetValue("swarm-error-id")}: {e.Status}"
        );
        return e;
    }

    private sealed class LogLines : ILoggerProvider
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose() { }

        private sealed class Logger(LogLines lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) =>
                category.StartsWith("Swarm", StringComparison.Ordinal) || logLevel >= LogLevel.Warning;

            public void Log<TState>(
                LogLevel logLevel,
                EventId eventId,
                TState state,
                Exception? exception,
                Func<TState, Exception?, string> formatter
            )
            {
                if (IsEnabled(logLevel))
                {
                    lines.All.Enqueue($"{logLevel}: {category}: {formatter(state, exception)} {exception}");
                }
            }
        }
    }
}
