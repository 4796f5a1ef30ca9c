using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Swarm.Consensus.Transport;

/// <summary>Gives Raft the connections that <see cref="RaftProtocol.UseRaftProtocol"/> selects on the cluster port. It opens no port of its
/// own.</summary>
public sealed class RaftConnectionListener : IConnectionListenerFactory
{
    private volatile Bound? _bound;

    /// <summary>Called by the log when it starts; the endpoint is the one that Kestrel listens on.</summary>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var bound = new Bound(this, endpoint);
        _bound = bound;
        return ValueTask.FromResult<IConnectionListener>(bound);
    }

    /// <summary>Passes a connection to the log and returns when the log is done with it. While the log is not running, connections are
    /// refused.</summary>
    internal async Task ServeAsync(ConnectionContext connection)
    {
        var served = new ServedConnection(connection);
        if (_bound?.TryAccept(served) == true)
        {
            await served.Done;
        }
        else
        {
            connection.Abort(new ConnectionAbortedException("This manager's log is not running."));
        }
    }

    private sealed class Bound(RaftConnectionListener owner, EndPoint endpoint) : IConnectionListener
    {
        private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>();

        public EndPoint EndPoint => endpoint;

        public bool TryAccept(ConnectionContext connection) => _accepted.Writer.TryWrite(connection);

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _accepted.Reader.WaitToReadAsync(cancellationToken) && _accepted.Reader.TryRead(out var connection) ? connection : null;

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.CompareExchange(ref owner._bound, null, this);
            _accepted.Writer.TryComplete();
            while (_accepted.Reader.TryRead(out var connection))
            {
                connection.Abort();
                await connection.DisposeAsync();
            }
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    /// <summary>Kestrel's connection, lent to Raft: when Raft disposes it, Kestrel gets it back and closes it.</summary>
    private sealed class ServedConnection(ConnectionContext inner) : ConnectionContext
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public override string ConnectionId
        {
            get => inner.ConnectionId;
            set => inner.ConnectionId = value;
        }

        public override IFeatureCollection Features => inner.Features;

        public override IDictionary<object, object?> Items
        {
            get => inner.Items;
            set => inner.Items = value;
        }

        public override IDuplexPipe Transport
        {
            get => inner.Transport;
            set => inner.Transport = value;
        }

        public override CancellationToken ConnectionClosed
        {
            get => inner.ConnectionClosed;
            set => inner.ConnectionClosed = value;
        }

        public override EndPoint? LocalEndPoint
        {
            get => inner.LocalEndPoint;
            set => inner.LocalEndPoint = value;
        }

        public override EndPoint? RemoteEndPoint
        {
            get => inner.RemoteEndPoint;
            set => inner.RemoteEndPoint = value;
        }

        public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

        public override ValueTask DisposeAsync()
        {
            _done.TrySetResult();
            return base.DisposeAsync();
        }
    }
}
