using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Swarm.Consensus.Transport;

/// <summary>Raft on the cluster port: a single TLS endpoint, on which ALPN selects HTTP/2 (gRPC) or Raft for each connection.</summary>
public static class RaftProtocol
{
    /// <summary><c>swarm-raft/1</c>. A server on the cluster port must offer it beside h2.</summary>
    public static SslApplicationProtocol Alpn { get; } = new("swarm-raft/1");

    /// <summary>Passes connections that negotiated <see cref="Alpn"/> to Raft; all others go on to HTTP. Call it after <c>UseHttps</c> (or
    /// any other TLS middleware).</summary>
    /// <param name="listen">The cluster endpoint. Its TLS options must list <see cref="Alpn"/> in ApplicationProtocols and ask for a client certificate.</param>
    /// <param name="listener">The listener of Raft.</param>
    /// <param name="isManager">True for a certificate of a manager of this swarm. An accepted peer can read and write everything in the
    /// log.</param>
    public static ListenOptions UseRaftProtocol(
        this ListenOptions listen,
        RaftConnectionListener listener,
        Func<X509Certificate2, bool> isManager
    )
    {
        listen.Use(next =>
            async connection =>
            {
                if (!IsRaft(connection))
                {
                    await next(connection);
                }
                else if (connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } certificate && isManager(certificate))
                {
                    await listener.ServeAsync(connection);
                }
                else
                {
                    connection.Abort(new ConnectionAbortedException("Raft is for this swarm's managers only."));
                }
            }
        );
        return listen;
    }

    private static bool IsRaft(ConnectionContext connection) =>
        connection.Features.Get<ITlsApplicationProtocolFeature>() is { } negotiated
        && negotiated.ApplicationProtocol.Span.SequenceEqual(Alpn.Protocol.Span);
}
