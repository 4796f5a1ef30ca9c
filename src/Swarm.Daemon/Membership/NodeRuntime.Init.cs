using Swarm.Control.Addresses;
using Swarm.Control.Errors;
using Swarm.Control.Objects;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Security.Certificates;
using Swarm.Storage;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

internal sealed partial class NodeRuntime
{
    /// <summary>The time that init and join wait for the node's own session before they answer: the node is in the swarm either
    /// way.</summary>
    private static readonly TimeSpan SessionWait = TimeSpan.FromSeconds(3);

    /// <summary>Makes this node the first manager of a new swarm. When it fails, nothing stays.</summary>
    /// <exception cref="SwarmException">AlreadyInSwarm, ListenAddressInUse, Invalid…, AdvertiseAddressAmbiguous, NoAdvertiseAddress.</exception>
    public async Task<ActiveNode> InitAsync(V1.InitSwarmRequest request, CancellationToken cancellation)
    {
        await WaitForStartAsync(cancellation);
        await _gate.WaitAsync(cancellation);
        try
        {
            if (Now.Active is { } already && request.RequestId.Length > 0 && already.Record.RequestId == request.RequestId)
            {
                // A retry: the caller did not get the first answer.
                return already;
            }
            if (request.ForceNewCluster && _store.Load() is { Phase: MembershipPhase.Active, Role: NodeRole.Manager } record)
            {
                return await ForceNewClusterAsync(record, request, cancellation);
            }
            RequireOutside();
            var (listen, advertise) = Addresses(request.ListenAddress, request.AdvertiseAddress);
            var settings = ClusterSettingsMapping.Apply(ClusterSettings.Default, request.Settings);
            var availability = ProtocolMapping.FromWire(request.Availability);
            return await EnterAsync(token => FoundAsync(request.RequestId, listen, advertise, settings, availability, token), cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<ActiveNode> FoundAsync(
        string requestId,
        HostAddress listen,
        HostAddress advertise,
        ClusterSettings settings,
        NodeAvailability availability,
        CancellationToken cancellation
    )
    {
        var now = _options.Time.GetUtcNow();
        var (rootCertificate, rootKey) = CertificateAuthority.CreateRoot(now);
        var cluster = new Cluster
        {
            Id = NodeIds.Next(),
            CreatedAt = now,
            UpdatedAt = now,
            Settings = settings,
            RootCertificate = rootCertificate,
            RootKey = rootKey,
            WorkerJoinSecret = JoinToken.NewSecret(),
            ManagerJoinSecret = JoinToken.NewSecret(),
            UnlockKey = settings.Autolock ? UnlockKey.Generate() : "",
        };
        var node = new Node
        {
            Id = NodeIds.Next(),
            CreatedAt = now,
            UpdatedAt = now,
            Role = NodeRole.Manager,
            Spec = NodeSpec.Default with { Role = NodeRole.Manager, Availability = availability },
            Description = NodeDescription.Unknown with { Hostname = _options.Daemon.Hostname },
            GivenName = _options.Daemon.Hostname,
            Number = 1,
            Status = NodeStatus.New with { Address = advertise.Host, Since = now },
        };
        var keys = DataKeyStore.Create(_options.Directory.FullPath);
        var (key, certificateRequest) = NodeIdentity.CreateRequest();
        using var authority = new CertificateAuthority(rootCertificate, rootKey);
        var certificate = authority.Sign(
            certificateRequest,
            new PeerIdentity(node.Id, CertificateRole.Manager, cluster.Id),
            settings.CertificateExpiry,
            now
        );
        var identity = NodeIdentity.Create(certificate, key, rootCertificate);
        NodeIdentityFile.Save(_options.Directory, identity, keys.DataKey);
        AutolockKeys.Reconcile(keys, cluster);
        var record = new MembershipRecord
        {
            Phase = MembershipPhase.Active,
            NodeId = node.Id,
            ClusterId = cluster.Id,
            Role = NodeRole.Manager,
            Listen = listen.ToString(),
            Advertise = advertise.ToString(),
            Managers = [advertise.ToString()],
            RequestId = requestId,
        };
        return await ActiveNode.StartAsync(
            _options,
            _store,
            record,
            identity,
            keys,
            [new StateChange.ClusterSet(cluster), new StateChange.NodeCreate(node)],
            Plane,
            cancellation
        );
    }

    /// <summary>Restarts a manager as its swarm's only member, from its own log, when the others are lost or its address changed.</summary>
    private async Task<ActiveNode> ForceNewClusterAsync(
        MembershipRecord record,
        V1.InitSwarmRequest request,
        CancellationToken cancellation
    )
    {
        if (Now.State == V1.LocalNodeState.Locked)
        {
            throw MembershipErrors.Locked();
        }
        HostAddress.TryParse(record.Listen, HostAddress.ClusterPort, out var listen);
        HostAddress.TryParse(record.Advertise, HostAddress.ClusterPort, out var advertise);
        var local = AdvertiseAddress.LocalAddresses();
        listen = AdvertiseAddress.ResolveListen(request.ListenAddress, listen!, local);
        advertise = AdvertiseAddress.ResolveAdvertise(request.AdvertiseAddress, advertise, listen, local);
        // Read before anything is stopped: damaged files are refused, and a running node goes on.
        var keys = Now.Active?.Keys ?? DataKeyStore.Load(_options.Directory.FullPath);
        var identity = NodeIdentityFile.Load(_options.Directory, keys.DataKey);
        if (Now.Active is { } running)
        {
            Set(V1.LocalNodeState.Pending, "starting again as the only manager");
            await running.StopAsync(_options.Daemon.RestartGrace);
        }
        record = record with
        {
            Listen = listen.ToString(),
            Advertise = advertise.ToString(),
            Managers = [advertise.ToString()],
            RequestId = request.RequestId,
        };
        try
        {
            var active = await ActiveNode.StartAsync(_options, _store, record, identity, keys, null, Plane, cancellation);
            active.Save(record);
            Adopt(active);
            await WaitForSessionAsync(active, cancellation);
            return active;
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
    }

    /// <summary>Enters a swarm, or stays outside without remains.</summary>
    private async Task<ActiveNode> EnterAsync(Func<CancellationToken, Task<ActiveNode>> enter, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        ActiveNode? active = null;
        try
        {
            Set(V1.LocalNodeState.Pending, "entering a swarm");
            _store.Save(new MembershipRecord { Phase = MembershipPhase.Entering });
            active = await enter(either.Token);
            either.Token.ThrowIfCancellationRequested();
            // From here on the node is in the swarm.
            active.Save(active.Record);
            Adopt(active);
        }
        catch
        {
            if (active is not null)
            {
                await active.DisposeAsync();
            }
            Undo();
            throw;
        }
        await WaitForSessionAsync(active, cancellation);
        return active;
    }

    private void Undo()
    {
        try
        {
            _store.Wipe();
            Set(V1.LocalNodeState.Inactive, "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SwarmException)
        {
            Fail(e);
        }
    }

    private async Task WaitForSessionAsync(ActiveNode active, CancellationToken cancellation)
    {
        try
        {
            await active.Health.FirstSession.WaitAsync(SessionWait, _options.Time, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogNoSession(_logger, active.Health.Message ?? "");
        }
    }

    private (HostAddress Listen, HostAddress Advertise) Addresses(string listenAddress, string advertiseAddress)
    {
        var local = AdvertiseAddress.LocalAddresses();
        var listen = AdvertiseAddress.ResolveListen(listenAddress, _options.Daemon.Listen, local);
        return (listen, AdvertiseAddress.ResolveAdvertise(advertiseAddress, _options.Daemon.Advertise, listen, local));
    }

    private void RequireOutside()
    {
        var now = Now;
        switch (now.State)
        {
            case V1.LocalNodeState.Active:
                throw MembershipErrors.AlreadyInSwarm(now.Active!.Record.ClusterId);
            case V1.LocalNodeState.Locked:
                throw MembershipErrors.AlreadyInSwarm(_locked!.Record.ClusterId);
            case V1.LocalNodeState.Error:
                throw MembershipErrors.InError(now.Message);
            case V1.LocalNodeState.Pending:
                throw MembershipErrors.Starting(now.Message);
            default:
                return;
        }
    }

    [LoggerMessage(LogLevel.Warning, "This node is in its swarm, but its agent is not connected yet: {Reason}")]
    private static partial void LogNoSession(ILogger logger, string reason);
}
