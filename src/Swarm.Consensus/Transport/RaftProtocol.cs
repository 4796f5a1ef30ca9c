using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Swarm.Consensus.Transport;

/// <summary>Raft on the cluster port: one TLS endpoint, where ALPN says whether a connection is HTTP/2 (gRPC) or Raft.</summary>
public static class RaftProtocol
{
    /// <summary><c>swarm-raft/1</c>. A server on the cluster port must offer it beside h2.</summary>
    public static SslApplicationProtocol Alpn { get; } = new("swarm-raft/1");

    /// <summary>Hands connections that negotiated <see cref="Alpn"/> to Raft; all others go on to HTTP. Call it after <c>UseHttps</c> (or any other TLS middleware).</summary>
    /// <param name="listen">The cluster endpoint. Its TLS options must list <see cref="Alpn"/> in ApplicationProtocols and ask for a client certificate.</param>
    /// <param name="listener">Where Raft takes its connections from.</param>
    /// <param name="isManager">Whether the certificate is a manager's of this swarm. Everything in the log can be read and written by whom this lets in.</param>
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
