using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Swarm.Security;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>A peer that speaks HTTP/2 on one connection and sends calls with bodies of its own.</summary>
internal sealed class GrpcPeer : IDisposable
{
    public const string GetRootCertificate = "/swarm.v1.CertificateAuthority/GetRootCertificate";

    private readonly HttpClient _http;

    private GrpcPeer(string address, SocketsHttpHandler handler)
    {
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri(address),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    /// <summary>To a cluster port (host:port), by default without a certificate.</summary>
    public static GrpcPeer OfPort(string address, X509Certificate2? certificate = null) =>
        new($"https://{address}", new SocketsHttpHandler { SslOptions = ClusterTls.ClientOptions(static _ => true, certificate) });

    /// <summary>To a local socket.</summary>
    public static GrpcPeer OfSocket(string socket) =>
        new(
            "http://localhost",
            new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                },
            }
        );

    /// <summary>The body of a call with a single whole message.</summary>
    public static ByteArrayContent Message(params byte[] message)
    {
        var framed = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, 5);
        return new ByteArrayContent(framed);
    }

    /// <summary>Makes a call and waits for its end.</summary>
    /// <returns>Status and error id; a status of null when there was none.</returns>
    public async Task<(StatusCode? Code, string ErrorId)> CallAsync(string method, HttpContent body, CancellationToken cancellation)
    {
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        await response.Content.ReadAsByteArrayAsync(cancellation);
        var code = Value("grpc-status");
        return (code is null ? null : (StatusCode)int.Parse(code), Value("swarm-error-id") ?? "");

        string? Value(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var trailing) ? trailing.Single()
            : response.Headers.TryGetValues(name, out var leading) ? leading.Single()
            : null;
    }

    public void Dispose() => _http.Dispose();
}
