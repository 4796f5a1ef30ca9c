using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Swarm.Security;
using Swarm.Security.Certificates;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>Admits connections to the cluster port, before and after their handshakes, so that strangers take no member's place and little memory.</summary>
/// <remarks>A caller's identity shows in the handshake only. Before it there are two lanes of equal size: one for addresses of members, and
/// one for all others. A silent peer loses its place to a newcomer, so neither silence nor a flood keeps a handshake out.</remarks>
/// <param name="authorization">Knows the members.</param>
/// <param name="limits">The shares.</param>
/// <param name="known">The members' addresses. The gate adds those from which members connect.</param>
/// <param name="ration">Limits the lines about refused certificates.</param>
/// <param name="logger">Names each refused certificate's address and reason.</param>
internal sealed partial class ClusterGate(
    PeerAuthorization authorization,
    ClusterLimits limits,
    KnownAddresses known,
    LogRation ration,
    ILogger<ClusterGate> logger
)
{
    private readonly ConnectionLane<IPAddress> _handshakesOfKnown = new(limits.Handshakes);
    private readonly ConnectionLane<IPAddress> _handshakesOfOthers = new(limits.Handshakes);
    private readonly ConnectionLane<IPAddress> _anonymous = new(limits.AnonymousConnections);
    private readonly ConnectionLane<string> _members = new(int.MaxValue, limits.MemberConnections);
    private readonly MemberBudgets _budgets = new(limits);

    /// <summary>Puts TLS on the port, with the gate on both sides of it.</summary>
    /// <param name="endpoint">The cluster port.</param>
    /// <param name="credentials">This node's certificate, and the roots that it trusts.</param>
    /// <param name="protocols">The protocols of the port.</param>
    public void UseHttps(
        ListenOptions endpoint,
        ClusterCredentials credentials,
        params List<System.Net.Security.SslApplicationProtocol> protocols
    )
    {
        endpoint.Use(next => connection => BeforeHandshakeAsync(connection, next));
        endpoint.UseHttps(
            new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = limits.HandshakeTime,
                OnConnection = context =>
                {
                    // Asked for now: the closed connection of a refused peer has no address.
                    var address = AddressOf(context.Connection.RemoteEndPoint);
                    return ValueTask.FromResult(credentials.ServerOptions(verdict => Refused(address, verdict), [.. protocols]));
                },
            }
        );
        endpoint.Use(next => connection => AfterHandshakeAsync(connection, next));
    }

    private async Task BeforeHandshakeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = AddressOf(connection.RemoteEndPoint);
        var lane = known.Contains(address) ? _handshakesOfKnown : _handshakesOfOthers;
        using var place = lane.Enter(address, () => Close(connection, "Other handshakes need its place."));
        connection.Features.Set(new UnfinishedHandshake(place));
        await next(connection);
    }

    private async Task AfterHandshakeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Get<UnfinishedHandshake>()?.Place.Dispose();
        var address = AddressOf(connection.RemoteEndPoint);
        if (authorization.Member(connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate) is { } member)
        {
            known.Add(address);
            await ServeMemberAsync(connection, next, member);
        }
        else
        {
            await ServeStrangerAsync(connection, next, address);
        }
    }

    private async Task ServeMemberAsync(ConnectionContext connection, ConnectionDelegate next, PeerIdentity member)
    {
        using var place = _members.Enter(
            MemberBudgets.KeyOf(member),
            () => Close(connection, "Newer connections of its certificate need its place.")
        );
        var calls = _budgets.Connected(member);
        try
        {
            connection.Features.Set(new ConnectionCaller(IsMember: true, calls));
            await next(connection);
        }
        finally
        {
            _budgets.Disconnected(member);
        }
    }

    private async Task ServeStrangerAsync(ConnectionContext connection, ConnectionDelegate next, IPAddress address)
    {
        using var place = _anonymous.Enter(address, () => Close(connection, "Other callers without a certificate need its place."));
        // The machine's own clock: the network's time does not depend on what swarmd takes for the time.
        using var life = new CancellationTokenSource(limits.AnonymousLife);
        using var end = life.Token.Register(() => Close(connection, "It has no certificate of the swarm, and its time is over."));
        connection.Transport = new BoundedTransport(
            connection.Transport,
            limits.AnonymousBytes,
            () => Close(connection, "It has no certificate of the swarm, and has sent too much.")
        );
        connection.Features.Set(new ConnectionCaller(IsMember: false, new CallBudget(limits.AnonymousCalls, limits.AnonymousBytes)));
        await next(connection);
    }

    private void Refused(IPAddress address, CertificateVerdict verdict)
    {
        if (ration.TryTake(out var left))
        {
            LogRefused(logger, address, verdict.Reason, left);
        }
    }

    private static void Close(ConnectionContext connection, string reason) => connection.Abort(new ConnectionAbortedException(reason));

    private static IPAddress AddressOf(EndPoint? end) =>
        end is not IPEndPoint { Address: var address } ? IPAddress.None
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address;

    private sealed record UnfinishedHandshake(IDisposable Place);

    [LoggerMessage(LogLevel.Warning, "A connection from {Address} was refused: {Reason}. ({Left} more such lines were left out.)")]
    private static partial void LogRefused(ILogger logger, IPAddress address, string reason, int left);
}
