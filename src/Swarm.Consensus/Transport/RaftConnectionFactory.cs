using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Swarm.Consensus.Transport;

/// <summary>Raft's connections to other managers: TLS to their cluster port, offering <see cref="RaftProtocol.Alpn"/>.</summary>
/// <param name="authentication">This manager's certificate, and the check of the other's. It is called for each connection, so that renewed
/// certificates are used. ALPN is set here.</param>
public sealed class RaftConnectionFactory(Func<EndPoint, SslClientAuthenticationOptions> authentication) : IConnectionFactory
{
    /// <exception cref="SocketException">No program listens there.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The other's certificate, or ours, was refused; or the other
    /// does not speak Raft.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            // Read now: a closed connection has no addresses.
            var (local, remote) = (socket.LocalEndPoint, socket.RemoteEndPoint);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            var options = authentication(endpoint);
            options.ApplicationProtocols = [RaftProtocol.Alpn];
            await tls.AuthenticateAsClientAsync(options, cancellationToken);
            return tls.NegotiatedApplicationProtocol == RaftProtocol.Alpn
                ? new TlsConnection(tls, local, remote)
                : throw new System.Security.Authentication.AuthenticationException($"{endpoint} does not speak {RaftProtocol.Alpn}.");
        }
        catch
        {
            if (tls is not null)
            {
                await tls.DisposeAsync();
            }
            socket.Dispose();
            throw;
        }
    }

    private sealed class TlsConnection : ConnectionContext, IDuplexPipe
    {
        private readonly SslStream _stream;
        private readonly CancellationTokenSource _closed = new();
        private int _disposed;

        public TlsConnection(SslStream stream, EndPoint? local, EndPoint? remote)
        {
            _stream = stream;
            Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
            Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
            Transport = this;
            LocalEndPoint = local;
            RemoteEndPoint = remote;
            ConnectionClosed = _closed.Token;
        }

        public PipeReader Input { get; }

        public PipeWriter Output { get; }

        public override IDuplexPipe Transport { get; set; }

        public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

        public override IFeatureCollection Features { get; } = new FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public override void Abort(ConnectionAbortedException abortReason)
        {
            _closed.Cancel();
            _stream.Dispose();
        }

        public override async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                await CloseAsync();
            }
            await base.DisposeAsync();
        }

        private async Task CloseAsync()
        {
            await _closed.CancelAsync();
            await _stream.DisposeAsync();
            await Input.CompleteAsync();
            try
            {
                // Completing flushes the rest, which nobody receives any more.
                await Output.CompleteAsync(new ConnectionAbortedException());
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // The connection is gone, which is the goal.
            }
            _closed.Dispose();
        }
    }
}
