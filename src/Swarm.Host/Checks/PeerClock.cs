using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;

namespace Swarm.Host.Checks;

/// <summary>Asks a manager for its time.</summary>
public static class PeerClock
{
    /// <summary>Reads the Date header of any answer of the cluster port. The peer is not verified: the answer only shows a difference.</summary>
    /// <param name="host">Address or name.</param>
    /// <param name="port">The cluster port.</param>
    /// <param name="time">This host's clock.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The time by which this host is ahead of the peer, to the second; null: the answer has no time.</returns>
    /// <exception cref="HttpRequestException">The peer does not answer in HTTP/2.</exception>
    /// <exception cref="TaskCanceledException">The peer does not answer in time.</exception>
    [SuppressMessage(
        "Security",
        "CA5359:Do not disable certificate validation",
        Justification = "A host that has not joined yet trusts no root; the answer is compared with its clock and nothing else."
    )]
    public static async Task<TimeSpan?> AheadAsync(string host, int port, TimeProvider time, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectTimeout = PortProbe.Patience,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
            },
        };
        using var client = new HttpClient(handler) { Timeout = PortProbe.Patience * 2 };
        var name = host.Contains(':') && !host.StartsWith('[') ? $"[{host}]" : host;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://{name}:{port}/"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var sent = time.GetUtcNow();
        using var answer = await client.SendAsync(request, cancellation);
        var between = sent + ((time.GetUtcNow() - sent) / 2);
        return answer.Headers.Date is { } theirs ? between - theirs : null;
    }
}
