using System.Net;
using System.Net.Sockets;

namespace Swarm.DataPlane.UserSpace;

/// <summary>A published UDP port: sends each client's datagrams to one backend, and that one's answers back.</summary>
internal sealed class UdpPort : IPublishedPort
{
    /// <summary>The largest datagram of IPv4 and IPv6 without jumbograms.</summary>
    private const int DatagramBytes = 65_535;

    /// <summary>Linux tells a socket about a port that nobody listens on (ICMP). The socket of a published port must not end for that.</summary>
    private const SocketError NobodyThere = SocketError.ConnectionReset;

    private readonly UserSpaceOptions _options;
    private readonly Socket _socket;
    private readonly Dictionary<SocketAddress, UdpClientRelay> _clients = [];
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _receiving;
    private readonly Task _forgetting;

    /// <exception cref="SocketException">Another process has the port, or swarmd may not open it.</exception>
    public UdpPort(PortKey key, UserSpaceOptions options)
    {
        _options = options;
        _socket = new Socket(key.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (key.Address.Equals(IPAddress.IPv6Any))
            {
                _socket.DualMode = true;
            }
            _socket.Bind(key.EndPoint);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
        _receiving = Task.Run(ReceiveAsync);
        _forgetting = ForgetAsync();
    }

    public BackendSet Backends { get; } = new();

    /// <summary>Clients of a backend that left go to another one with their next datagram.</summary>
    public void BackendsChanged()
    {
        var now = Backends.Now;
        Forget(relay => !now.Contains(relay.Backend));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _socket.Dispose();
        await _receiving;
        await _forgetting;
        Forget(static _ => true);
        _closing.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(DatagramBytes);
        var from = new SocketAddress(_socket.AddressFamily);
        try
        {
            while (true)
            {
                try
                {
                    var bytes = await _socket.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, from, _closing.Token);
                    if (Find(from) is { } relay)
                    {
                        await relay.SendAsync(buffer.AsMemory(0, bytes));
                    }
                }
                catch (SocketException e) when (e.SocketErrorCode == NobodyThere || !_closing.IsCancellationRequested)
                {
                    // A client or a backend is gone: that datagram is lost, as datagrams are.
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Closed.
        }
    }

    /// <summary>The client's relay, or a new one to the backend whose turn it is. Null: there is no backend, or no room.</summary>
    private UdpClientRelay? Find(SocketAddress from)
    {
        lock (_gate)
        {
            if (_clients.TryGetValue(from, out var known))
            {
                known.Touch();
                return known;
            }
            if (_clients.Count >= _options.DatagramClients || Backends.InTurn() is not [var backend, ..])
            {
                return null;
            }
            var own = new SocketAddress(from.Family, from.Size);
            from.Buffer[..from.Size].CopyTo(own.Buffer);
            var relay = new UdpClientRelay(_socket, own, backend, _options.Time);
            _clients[own] = relay;
            return relay;
        }
    }

    private async Task ForgetAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(_options.DatagramIdle / 4, _options.Time);
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                Forget(relay => relay.Silence >= _options.DatagramIdle);
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }

    private void Forget(Func<UdpClientRelay, bool> which)
    {
        lock (_gate)
        {
            foreach (var (address, relay) in _clients)
            {
                if (which(relay))
                {
                    _clients.Remove(address);
                    relay.Dispose();
                }
            }
        }
    }
}
