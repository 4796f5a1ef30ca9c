using Google.Protobuf;
using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.Daemon.Endpoints;
using Swarm.Security;
using Swarm.Security.Certificates;
using Swarm.Wire.Errors;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

internal sealed partial class NodeRuntime
{
    /// <summary>The time limit of a join's network calls together, whatever the number of addresses.</summary>
    private static readonly TimeSpan JoinWithin = TimeSpan.FromSeconds(4.5);

    /// <summary>Makes this node a node of an existing swarm. When it fails, nothing stays here, and it can be tried again.</summary>
    /// <exception cref="SwarmException">AlreadyInSwarm, InvalidJoinToken, CaDigestMismatch, ManagerUnreachable, MultipleManagersNotSupported, Invalid….</exception>
    public async Task<ActiveNode> JoinAsync(V1.JoinSwarmRequest request, CancellationToken cancellation)
    {
        await WaitForStartAsync(cancellation);
        await _gate.WaitAsync(cancellation);
        try
        {
            if (Now.Active is { } already && request.RequestId.Length > 0 && already.Record.RequestId == request.RequestId)
            {
                return already;
            }
            RequireOutside();
            var token = JoinToken.Parse(request.Token);
            var managers = ParseManagers(request.RemoteAddresses);
            var (listen, advertise) = JoinAddresses(request);
            _ = ProtocolMapping.FromWire(request.Availability);
            // A manager remembers an admitted node, so local failures are detected before.
            ClusterHost.RequireFree(listen);
            return await EnterAsync(stop => BecomeMemberAsync(request, token, managers, listen, advertise, stop), cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<ActiveNode> BecomeMemberAsync(
        V1.JoinSwarmRequest request,
        JoinToken token,
        IReadOnlyList<string> managers,
        HostAddress listen,
        HostAddress? advertise,
        CancellationToken cancellation
    )
    {
        var (key, certificateRequest) = NodeIdentity.CreateRequest();
        var issue = new V1.IssueNodeCertificateRequest
        {
            Token = request.Token.Trim(),
            CertificateRequest = ByteString.CopyFrom(certificateRequest),
            Availability = request.Availability,
            Hostname = _options.Daemon.Hostname,
            Address = advertise?.Host ?? "",
        };
        var (issued, through) = await AskManagersAsync(token, managers, issue, cancellation);
        var identity = NodeIdentity.Create(issued.Certificate.ToByteArray(), key, issued.RootCertificate.ToByteArray());
        NodeIdentityFile.Save(_options.Directory, identity, dataKey: null);
        var record = new MembershipRecord
        {
            Phase = MembershipPhase.Active,
            NodeId = issued.NodeId,
            ClusterId = issued.ClusterId,
            Role = ProtocolMapping.FromWire(issued.Role),
            Listen = listen.ToString(),
            Advertise = (advertise ?? LocalAddressTowards(through, listen)).ToString(),
            // The manager that answered stays in the list: it may be reachable where the advertised address is not.
            Managers = [.. issued.ManagerAddresses.Append(through).Distinct()],
            RequestId = request.RequestId,
        };
        var active = await ActiveNode.StartAsync(_options, _store, record, identity, null, null, Plane, cancellation);
        active.JoinWarnings = [.. issued.Warnings];
        return active;
    }

    private async Task<(V1.IssueNodeCertificateResponse Issued, string Through)> AskManagersAsync(
        JoinToken token,
        IReadOnlyList<string> managers,
        V1.IssueNodeCertificateRequest issue,
        CancellationToken cancellation
    )
    {
        List<(string Address, string Reason)> tried = [];
        foreach (var address in managers)
        {
            // The addresses share the time, so that an address that drops packets does not use up the others' time.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(JoinWithin / managers.Count);
            try
            {
                var root = await CertificateAuthorityClient.GetRootCertificateAsync(address, token, limit.Token);
                return (await CertificateAuthorityClient.JoinAsync(address, root, issue, _options.Time, limit.Token), address);
            }
            catch (RpcException e) when (GrpcErrors.ToSwarmException(e) is { } refusal)
            {
                if (refusal.Kind != SwarmErrorKind.Unavailable && refusal.ErrorId != "NotAManager")
                {
                    throw refusal;
                }
                tried.Add((address, refusal.Message.TrimEnd('.')));
            }
            catch (RpcException e) when (PeerCertificateException.Of(e) is { } refused)
            {
                // It answers: this host does not accept it.
                tried.Add((address, refused.Message));
            }
            catch (RpcException e) when (!cancellation.IsCancellationRequested)
            {
                tried.Add((address, MembershipErrors.DoesNotAnswer(address, GrpcErrors.Reason(e))));
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                tried.Add((address, MembershipErrors.DoesNotAnswer(address, GrpcErrors.NoAnswer)));
            }
        }
        throw MembershipErrors.ManagerUnreachable(tried);
    }

    private static IReadOnlyList<string> ParseManagers(IReadOnlyList<string> addresses)
    {
        if (addresses.Count == 0)
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidRemoteAddress",
                "No address of a manager was given.",
                action: "Give one with -RemoteAddress HOST[:PORT]; Get-SwarmJoinToken shows it on a manager."
            );
        }
        return
        [
            .. addresses.Select(text =>
                HostAddress.TryParse(text, HostAddress.ClusterPort, out var address) && address is { IsWildcard: false, IsPlain: true }
                    ? address.ToString()
                    : throw new SwarmException(
                        SwarmErrorKind.InvalidArgument,
                        "InvalidRemoteAddress",
                        $"'{text}' is not the address of a manager.",
                        text,
                        "Write HOST[:PORT], e.g. 10.0.0.11:2377."
                    )
            ),
        ];
    }

    /// <summary>A worker need not give its address: the manager sees the source address of its connection.</summary>
    private (HostAddress Listen, HostAddress? Advertise) JoinAddresses(V1.JoinSwarmRequest request)
    {
        var local = AdvertiseAddress.LocalAddresses();
        var listen = AdvertiseAddress.ResolveListen(request.ListenAddress, _options.Daemon.Listen, local);
        var explicitly = request.AdvertiseAddress.Trim().Length > 0 || _options.Daemon.Advertise is not null || !listen.IsWildcard;
        return (
            listen,
            explicitly ? AdvertiseAddress.ResolveAdvertise(request.AdvertiseAddress, _options.Daemon.Advertise, listen, local) : null
        );
    }

    /// <summary>The source address of packets from this machine to a manager. Sends nothing.</summary>
    private static HostAddress LocalAddressTowards(string manager, HostAddress listen)
    {
        HostAddress.TryParse(manager, HostAddress.ClusterPort, out var target);
        var family = target!.IpAddress?.AddressFamily ?? System.Net.Sockets.AddressFamily.InterNetwork;
        using var socket = new System.Net.Sockets.Socket(family, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        socket.Connect(target.Host, target.Port);
        return new HostAddress(((System.Net.IPEndPoint)socket.LocalEndPoint!).Address.ToString(), listen.Port);
    }
}
