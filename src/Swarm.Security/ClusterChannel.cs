using System.Net.Security;
using Grpc.Net.Client;

namespace Swarm.Security;

/// <summary>Creates gRPC channels to managers.</summary>
public static class ClusterChannel
{
    /// <summary>The time limit for establishing a TCP connection.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>The size limit of received and sent messages, in bytes.</summary>
    public const int MaxMessageSize = 4 * 1024 * 1024;

    /// <param name="address">host:port</param>
    /// <param name="tls">The identity of this side, and its check of the other.</param>
    public static GrpcChannel Create(string address, SslClientAuthenticationOptions tls)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            ConnectTimeout = ConnectTimeout,
            UseProxy = false,
            UseCookies = false,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        return GrpcChannel.ForAddress(
            $"https://{address}",
            new GrpcChannelOptions
            {
                HttpHandler = handler,
                DisposeHttpClient = true,
                MaxReceiveMessageSize = 16 * MaxMessageSize,
                MaxRetryAttempts = null,
                ThrowOperationCanceledOnCancellation = true,
            }
        );
    }
}
