using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Swarm.Host.Tests.Checks;

/// <summary>The port of a manager, for the clock only: HTTP/2 over TLS, and a single answer with or without a Date header.</summary>
/// <remarks>Written frame by frame (RFC 9113, header fields by RFC 7541), since a web server always sends its time.</remarks>
internal sealed class ManagerClock : IAsyncDisposable
{
    private const byte HeadersFrame = 1;
    private const byte SettingsFrame = 4;

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;

    /// <param name="address">An address where no other program listens.</param>
    /// <param name="date">The time of the answer; null: none.</param>
    public ManagerClock(string address, DateTimeOffset? date)
    {
        _listener = new TcpListener(IPAddress.Parse(address), 0);
        _listener.Start();
        _serving = ServeAsync(date);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task ServeAsync(DateTimeOffset? date)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=manager", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var connection = await _listener.AcceptTcpClientAsync(_stopping.Token);
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = certificate, ApplicationProtocols = [SslApplicationProtocol.Http2] },
            _stopping.Token
        );
        await WriteAsync(tls, SettingsFrame, 0, 0, []);
        // PRI * HTTP/2.0
        await tls.ReadExactlyAsync(new byte[24], _stopping.Token);
        var head = new byte[9];
        do
        {
            await tls.ReadExactlyAsync(head, _stopping.Token);
            await tls.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian([0, head[0], head[1], head[2]])], _stopping.Token);
        } while (head[3] != HeadersFrame);
        // :status 200 is entry 8 of the static table, date is entry 33.
        List<byte> fields = [0x80 | 8];
        if (date is { } told)
        {
            var text = Encoding.ASCII.GetBytes(told.ToString("r"));
            fields.AddRange([0x0f, 33 - 15, (byte)text.Length, .. text]);
        }
        // END_STREAM, END_HEADERS
        await WriteAsync(tls, HeadersFrame, 0x5, BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), [.. fields]);
        // The other side closes.
        await tls.CopyToAsync(Stream.Null, _stopping.Token);
    }

    private async Task WriteAsync(SslStream tls, byte type, byte flags, int stream, byte[] content)
    {
        var frame = new byte[9 + content.Length];
        frame[2] = (byte)content.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        content.CopyTo(frame, 9);
        await tls.WriteAsync(frame, _stopping.Token);
    }
}
