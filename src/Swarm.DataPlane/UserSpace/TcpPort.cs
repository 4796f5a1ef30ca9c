using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Swarm.DataPlane.UserSpace;

/// <summary>A published TCP port: accepts clients and connects each to a backend.</summary>
internal sealed class TcpPort : IPublishedPort
{
    /// <summary>Clients that may wait to be accepted; Linux caps it at <c>net.core.somaxconn</c>.</summary>
    private const int Backlog = 4096;

    /// <summary>The time that a backend has to take a connection while others are left to try.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RoundPause = TimeSpan.FromMilliseconds(50);

    private readonly UserSpaceOptions _options;
    private readonly Relays _relays;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;

    /// <exception cref="SocketException">Another process has the port, or swarmd may not open it.</exception>
    public TcpPort(PortKey key, UserSpaceOptions options, Relays relays)
    {
        (_options, _relays) = (options, relays);
        _listener = new Socket(key.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (key.Address.Equals(System.Net.IPAddress.IPv6Any))
            {
                _listener.DualMode = true;
            }
            _listener.Bind(key.EndPoint);
            _listener.Listen(Backlog);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        _accepting = Task.Run(AcceptAsync);
    }

    public BackendSet Backends { get; } = new();

    public void BackendsChanged()
    {
        // Connections keep their backends; new ones look at the set.
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client;
                try
                {
                    client = await _listener.AcceptAsync(_closing.Token);
                }
                catch (SocketException e) when (!_closing.IsCancellationRequested)
                {
                    // The client has gone again, or the process has no descriptor left: the others go on.
                    _options.LoggerFactory.CreateLogger<TcpPort>().NotAccepted(e.Message);
                    await Task.Delay(RoundPause, _options.Time, _closing.Token);
                    continue;
                }
                try
                {
                    await _relays.Places.WaitAsync(_closing.Token);
                }
                catch
                {
                    Relay.Reset(client);
                    throw;
                }
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Closed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            client.NoDelay = true;
            if (await ConnectAsync() is var (task, backend))
            {
                await _relays.RunAsync(new Relay(backend.TaskId, backend.NodeId, client, task));
            }
            else
            {
                Relay.Reset(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Relay.Reset(client);
        }
        finally
        {
            _relays.Places.Release();
        }
    }

    /// <summary>A connection to a backend: the one whose turn it is, or else another. A backend that has just started may listen a little later.</summary>
    /// <returns>Null: none takes it.</returns>
    private async Task<(Socket Socket, Backend Backend)?> ConnectAsync()
    {
        var begin = _options.Time.GetTimestamp();
        while (true)
        {
            var backends = Backends.InTurn();
            if (backends.Length == 0)
            {
                return null;
            }
            foreach (var backend in backends)
            {
                if (await TryConnectAsync(backend) is { } socket)
                {
                    return (socket, backend);
                }
            }
            if (_options.Time.GetElapsedTime(begin) >= _options.ConnectPatience)
            {
                return null;
            }
            await Task.Delay(RoundPause, _options.Time, _closing.Token);
        }
    }

    private async Task<Socket?> TryConnectAsync(Backend backend)
    {
        var socket = new Socket(backend.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var limit = new CancellationTokenSource(FirstPatience, _options.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closing.Token);
            await socket.ConnectAsync(backend.EndPoint, either.Token);
            return socket;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            _closing.Token.ThrowIfCancellationRequested();
            return null;
        }
    }
}
