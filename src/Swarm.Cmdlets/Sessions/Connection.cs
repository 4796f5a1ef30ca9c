using System.Collections.Concurrent;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Swarm.Cmdlets.Errors;

namespace Swarm.Cmdlets.Sessions;

/// <summary>A gRPC channel to one swarmd (socket) or to the managers of a swarm (2377, mTLS). The first call opens it.</summary>
internal sealed class Connection : IDisposable
{
    private const int MaxMessageBytes = 64 * 1024 * 1024;

    private readonly GrpcChannel _channel;
    private ManagerDialer? _dialer;

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
        // Each repetition is a call of its own.
        Client = new V1.ControlClient(
            _channel.Intercept(new CallTrace(endpoint, TimeProvider.System)).Intercept(new ChangeRetry(TimeProvider.System))
        );
    }

    public string Endpoint { get; }
    public bool IsLocal { get; }
    public V1.ControlClient Client { get; }

    /// <summary>Names and ids of the services that this session removed. A wait for their end finds nothing once their tasks have
    /// ended.</summary>
    public ConcurrentDictionary<string, bool> RemovedServices { get; } = new(StringComparer.Ordinal);

    /// <summary>The longest time that opening the connection may take.</summary>
    public TimeSpan Timeout => _dialer?.Timeout ?? TimeSpan.FromSeconds(15);

    /// <summary>The last connection reached a manager of the right swarm. If it then broke, that manager refuses our certificate.</summary>
    public bool FoundManager => _dialer?.FoundManager == true;

    public static Connection OpenSocket(string path) =>
        new(
            path,
            isLocal: true,
            "http://localhost",
            new SocketsHttpHandler { EnableMultipleHttp2Connections = true, ConnectCallback = (_, token) => DialSocketAsync(path, token) }
        );

    /// <summary>Tries the managers in order at every new connection, so that the session outlives a manager. A manager that became a worker
    /// is
    /// skipped as well.</summary>
    public static Connection OpenManagers(IReadOnlyList<DnsEndPoint> managers, ClientCertificate certificate)
    {
        var dialer = new ManagerDialer(managers, certificate);
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = dialer.Timeout,
            ConnectCallback = async (_, token) => await dialer.DialAsync(token),
        };
        return new Connection(dialer.Endpoint, isLocal: false, "https://swarm-manager", handler) { _dialer = dialer };
    }

    /// <summary>Replaces the error of a failed call. When a connection to managers broke during the call, the error names them, as when
    /// none can be opened.</summary>
    public Exception Explain(RpcException failure) =>
        _dialer is not null && ErrorMapper.IsLostConnection(failure) ? _dialer.Lost() : failure;

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
            // The system's message names no file, and for a missing file it speaks of addresses.
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

    public void Dispose() => _channel.Dispose();
}
