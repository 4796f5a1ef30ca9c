using System.IO.Pipes;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace Swarm.Cmdlets.Sessions;

/// <summary>A gRPC channel to one swarmd (socket) or to the managers of a swarm (2377, mTLS). Nothing is opened before the first call.</summary>
internal sealed class Connection : IDisposable
{
    private const int MaxMessageBytes = 64 * 1024 * 1024;
    private readonly GrpcChannel _channel;

    private Connection(string endpoint, bool isLocal, string address, SocketsHttpHandler handler)
    {
        Endpoint = endpoint;
        IsLocal = isLocal;
        _channel = GrpcChannel.ForAddress(
            address,
            new GrpcChannelOptions
            {
                HttpHandler = handler,
                DisposeHttpClient = true,
                MaxReceiveMessageSize = MaxMessageBytes,
            }
        );
        Client = new V1.Control.ControlClient(_channel.Intercept(new ChangeRetry(TimeProvider.System)));
    }

    public string Endpoint { get; }
    public bool IsLocal { get; }
    public V1.Control.ControlClient Client { get; }

    public static Connection OpenSocket(string path) =>
        new(
            path,
            isLocal: true,
            "http://localhost",
            new SocketsHttpHandler { EnableMultipleHttp2Connections = true, ConnectCallback = (_, token) => DialSocketAsync(path, token) }
        );

    /// <summary>Managers are tried in order at every new connection, so that the session outlives one of them.</summary>
    public static Connection OpenManagers(IReadOnlyList<DnsEndPoint> managers, ClientCertificate certificate)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            ConnectCallback = (_, token) => DialManagersAsync(managers, token),
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [certificate.Certificate],
                // Managers are known by the swarm's own root, not by host names.
                RemoteCertificateValidationCallback = (_, server, _, _) => certificate.Trusts(server),
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            },
        };
        var endpoint = string.Join(", ", managers.Select(m => $"{m.Host}:{m.Port}"));
        return new Connection(endpoint, isLocal: false, "https://swarm-manager", handler);
    }

    private static async ValueTask<Stream> DialSocketAsync(string path, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() && path.StartsWith(@"\\.\pipe\", StringComparison.OrdinalIgnoreCase))
        {
            var pipe = new NamedPipeClientStream(".", path[9..], PipeDirection.InOut, PipeOptions.Asynchronous);
            await pipe.ConnectAsync(2000, cancellationToken);
            return pipe;
        }
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            // The system's words name no file, and for a missing one they speak of addresses.
            var why =
                !File.Exists(path) ? $"There is no socket {path}"
                : e.SocketErrorCode == SocketError.AccessDenied ? $"The socket {path} is for root and the members of the group swarm"
                : $"{path}: {e.Message}";
            throw new SocketException((int)e.SocketErrorCode, why);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async ValueTask<Stream> DialManagersAsync(IReadOnlyList<DnsEndPoint> managers, CancellationToken cancellationToken)
    {
        for (var i = 0; ; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(managers[i], cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i < managers.Count - 1)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    public void Dispose() => _channel.Dispose();
}
