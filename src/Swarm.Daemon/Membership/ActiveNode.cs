using Swarm.Agent;
using Swarm.Agent.Executors;
using Swarm.Consensus;
using Swarm.Control.Addresses;
using Swarm.Control.Errors;
using Swarm.Control.Planes;
using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Endpoints;
using Swarm.Manager;
using Swarm.Security;
using Swarm.Security.Certificates;
using Swarm.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

/// <summary>The services of a node in a swarm: agent, cluster port, certificate renewal and, on a manager, the manager.</summary>
internal sealed partial class ActiveNode : IAsyncDisposable
{
    private readonly NodeRuntimeOptions _options;
    private readonly MembershipStore _store;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITaskExecutor _executor;
    private ClusterHost? _host;
    private NodeAgent? _agent;
    private Task _background = Task.CompletedTask;
    private MembershipRecord _record;

    private ActiveNode(
        NodeRuntimeOptions options,
        MembershipStore store,
        MembershipRecord record,
        NodeIdentity identity,
        DataKeyStore? keys
    )
    {
        _options = options;
        _store = store;
        _logger = options.LoggerFactory.CreateLogger<ActiveNode>();
        _record = record;
        Keys = keys;
        Credentials = new ClusterCredentials(identity, options.Time);
        Health = new SessionHealth(Credentials, options.Time, options.LoggerFactory.CreateLogger<SessionHealth>(), _stopping.Token);
        _executor = options.CreateExecutor(record.ClusterId, record.NodeId);
    }

    public MembershipRecord Record => Volatile.Read(ref _record);

    public ClusterCredentials Credentials { get; }

    /// <summary>Set on a manager.</summary>
    public DataKeyStore? Keys { get; }

    /// <summary>Null on a worker.</summary>
    public ManagerRuntime? Manager { get; private set; }

    /// <summary>Answers the control API from the manager. The control plane makes it at the first call.</summary>
    public ControlAreas? Areas { get; set; }

    /// <summary>Cancelled when this node stops or leaves: what follows it ends then.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>The connection to the managers.</summary>
    public SessionHealth Health { get; }

    /// <summary>The manager's words when it let this node in, for the administrator who joins it. Empty after a restart.</summary>
    public IReadOnlyList<string> JoinWarnings { get; set; } = [];

    public string ExecutorName => _executor.Name;

    /// <summary>Starts the services for a node of this role. When it fails, none is left running.</summary>
    /// <param name="options">The host's options.</param>
    /// <param name="store">Stores the record.</param>
    /// <param name="record">The swarm, and the node's role in it.</param>
    /// <param name="identity">The node's certificate.</param>
    /// <param name="keys">A manager's keys, unlocked.</param>
    /// <param name="bootstrap">The first batch of a new swarm.</param>
    /// <param name="plane">Answers the control API on the cluster port.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<ActiveNode> StartAsync(
        NodeRuntimeOptions options,
        MembershipStore store,
        MembershipRecord record,
        NodeIdentity identity,
        DataKeyStore? keys,
        IReadOnlyList<StateChange>? bootstrap,
        IControlPlane plane,
        CancellationToken cancellation
    )
    {
        var node = new ActiveNode(options, store, record, identity, keys);
        try
        {
            if (record.Role == NodeRole.Manager)
            {
                node.Manager = await ManagerRuntime.StartAsync(node.ManagerOptions(keys!.DataKey, bootstrap), cancellation);
            }
            node.KnowRevocations();
            HostAddress.TryParse(record.Listen, HostAddress.ClusterPort, out var listen);
            node._host = await ClusterHost.StartAsync(
                listen!,
                node.Credentials,
                plane,
                () => node.Manager,
                options.Time,
                options.LoggerFactory,
                cancellation
            );
            node._agent = node.CreateAgent();
            await node._agent.StartAsync();
            node._background = node.RenewAsync();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>A manager knows from its state which administrators' certificates were revoked, and ends their calls. A worker does not know, and
    /// has nothing to answer them: it names the managers.</summary>
    private void KnowRevocations()
    {
        if (Manager is { } manager)
        {
            RevocationWatch.Follow(manager, Credentials);
        }
        else
        {
            Credentials.CannotJudge = () => MembershipErrors.NotAManager(ManagerAddresses());
        }
    }

    /// <summary>Replaces the record, on disk and here.</summary>
    public void Save(MembershipRecord record)
    {
        _store.Save(record);
        Volatile.Write(ref _record, record);
    }

    /// <summary>Addresses of the managers, as this node knows them.</summary>
    public IReadOnlyList<string> ManagerAddresses() =>
        Manager is { } manager ? CertificateAuthorityService.ManagerAddresses(manager) : Record.Managers;

    /// <summary>Carries out a host command here. A check of the host is one of the node's certificate as well.</summary>
    public async Task<V1.HostAnswer> RunHostCommandAsync(V1.HostCommand command, CancellationToken cancellation)
    {
        var answer = await _options.HostCommands.RunAsync(command, cancellation);
        if (command.CommandCase == V1.HostCommand.CommandOneofCase.Check && answer.Error is null)
        {
            answer.Checks.Add(Health.Check());
        }
        return answer;
    }

    /// <summary>A planned stop: the node is kept Ready for the grace and its tasks run on.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        await _stopping.CancelAsync();
        if (_agent is { } agent)
        {
            await agent.StopAsync(announceRestart: true, grace);
        }
        await DisposeAsync();
    }

    /// <summary>Leaves for good: informs a manager, stops and removes the tasks, then stops.</summary>
    public async Task LeaveAsync()
    {
        await _stopping.CancelAsync();
        if (_agent is { } agent)
        {
            await agent.LeaveAsync();
        }
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_agent is { } agent)
        {
            await agent.DisposeAsync();
        }
        await _background;
        if (Manager is { } manager)
        {
            // Before the cluster port, so that sessions end with a message instead of a reset.
            await manager.DisposeAsync();
        }
        if (_host is { } host)
        {
            await host.DisposeAsync();
        }
        await _executor.DisposeAsync();
    }

    private ManagerRuntimeOptions ManagerOptions(byte[] dataKey, IReadOnlyList<StateChange>? bootstrap) =>
        new()
        {
            NodeId = Record.NodeId,
            ClusterAddress = Record.Advertise,
            CreateLog = port => CreateLog(port, dataKey),
            ResolveImage = ResolveImageAsync,
            LoggerFactory = _options.LoggerFactory,
            Time = _options.Time,
            Bootstrap = bootstrap,
        };

    private ReplicatedLog CreateLog(IStateMachinePort port, byte[] dataKey)
    {
        var log = ReplicatedLog.Create(
            new ReplicatedLogOptions
            {
                Directory = _store.Directory.Combine(MembershipStore.LogDirectory),
                Address = Record.Advertise,
                DataKey = dataKey,
                // The record becomes Active only after the first start: from then on there must be a log.
                MustExist = _store.Load() is { Phase: MembershipPhase.Active },
                SnapshotInterval = () =>
                    ((StateStore)port).Read(static s => s.Cluster?.Settings.SnapshotInterval ?? ClusterSettings.Default.SnapshotInterval),
            },
            port,
            _options.LoggerFactory
        );
        _ = log.Failure.ContinueWith(
            failed => _options.Fatal(failed.Result),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion,
            TaskScheduler.Default
        );
        return log;
    }

    private async Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation)
    {
        try
        {
            return await _executor.ResolveImageAsync(image, credential, cancellation);
        }
        catch (ExecutorUnavailableException e)
        {
            LogNoDigest(_logger, image, e.Message);
            return null;
        }
    }

    private NodeAgent CreateAgent()
    {
        HostAddress.TryParse(Record.Advertise, HostAddress.ClusterPort, out var advertise);
        return new NodeAgent(
            new AgentOptions
            {
                Executor = _executor,
                DataPlane = _options.CreateDataPlane(Record.ClusterId, Record.NodeId, advertise!.Host),
                NodeId = Record.NodeId,
                ClusterId = Record.ClusterId,
                Managers = ManagerAddresses,
                Connect = address => ClusterChannel.Create(OwnListener(address) ?? address, Credentials.ClientOptions()),
                StateDirectory = _store.Directory.CreateSubdirectory(MembershipStore.AgentDirectory),
                Address = advertise.Host,
                Time = _options.Time,
                LoggerFactory = _options.LoggerFactory,
                RunHostCommand = RunHostCommandAsync,
                ManagersChanged = OnManagers,
                SessionOpened = Health.Opened,
                SessionEnded = Health.Ended,
                ExecutorAway = Health.ExecutorAway,
                Removed = () =>
                {
                    // The agent waits for this call, and the removal waits for the agent.
                    _ = Task.Run(() => Removed?.Invoke());
                    return Task.CompletedTask;
                },
            }
        );
    }

    /// <summary>Raised when a manager reported that this node was removed; its tasks are gone by then.</summary>
    public event Action? Removed;

    /// <summary>A manager's own agent connects to the listening address: the advertised address may be another machine's (NAT).</summary>
    private string? OwnListener(string address)
    {
        if (Manager is null || address != Record.Advertise || !HostAddress.TryParse(Record.Listen, HostAddress.ClusterPort, out var listen))
        {
            return null;
        }
        return listen.IsWildcard
            ? new HostAddress(
                listen.IpAddress!.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "127.0.0.1" : "::1",
                listen.Port
            ).ToString()
            : listen.ToString();
    }

    private void OnManagers(IReadOnlyList<string> managers)
    {
        if (Manager is null && !managers.SequenceEqual(Record.Managers))
        {
            Save(Record with { Managers = [.. managers] });
        }
    }

    private async Task RenewAsync()
    {
        var renewal = new CertificateRenewal(
            Credentials,
            IssueAsync,
            identity => NodeIdentityFile.Save(_store.Directory, identity, Keys?.DataKey),
            _options.Time,
            _options.LoggerFactory.CreateLogger<CertificateRenewal>()
        );
        try
        {
            await renewal.RunAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task<(byte[] Certificate, byte[] Root)> IssueAsync(byte[] certificateRequest, CancellationToken cancellation)
    {
        if (Manager is { } manager)
        {
            var own = CertificateAuthorityService.RenewOwn(manager, certificateRequest, _options.Time);
            return (own.Certificate.ToByteArray(), own.RootCertificate.ToByteArray());
        }
        Exception? last = null;
        foreach (var address in ManagerAddresses())
        {
            try
            {
                var issued = await CertificateAuthorityClient.RenewAsync(address, Credentials, certificateRequest, cancellation);
                return (issued.Certificate.ToByteArray(), issued.RootCertificate.ToByteArray());
            }
            catch (Grpc.Core.RpcException e)
            {
                last = e;
            }
        }
        throw last ?? new InvalidOperationException("No manager is known.");
    }

    [LoggerMessage(LogLevel.Warning, "The digest of image {Image} cannot be told, since the engine does not answer: {Reason}")]
    private static partial void LogNoDigest(ILogger logger, string image, string reason);
}
