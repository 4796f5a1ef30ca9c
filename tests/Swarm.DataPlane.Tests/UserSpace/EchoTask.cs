using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Swarm.DataPlane.Tests.UserSpace;

/// <summary>A task that says its name to each connection and then returns what it gets; by UDP it answers each datagram with its name.</summary>
internal sealed class EchoTask : IAsyncDisposable
{
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly List<Socket> _connections = [];
    private readonly Task _accepting;
    private readonly Task _answering;

    public EchoTask(string name)
    {
        Name = name;
        _tcp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _tcp.Listen(4096);
        _udp.Bind(_tcp.LocalEndPoint!);
        _accepting = Task.Run(AcceptAsync);
        _answering = Task.Run(AnswerAsync);
    }

    public string Name { get; }

    public int Port => ((IPEndPoint)_tcp.LocalEndPoint!).Port;

    public int Accepted => Volatile.Read(ref _accepted);

    private int _accepted;

    /// <summary>Ends like a process that is killed: all its connections break.</summary>
    public async ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        _udp.Dispose();
        await Deadline.WaitAsync(Task.WhenAll(_accepting, _answering), $"task {Name} to end");
        lock (_connections)
        {
            foreach (var connection in _connections)
            {
                connection.Close(timeout: 0);
            }
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var connection = await _tcp.AcceptAsync();
                Interlocked.Increment(ref _accepted);
                lock (_connections)
                {
                    _connections.Add(connection);
                }
                _ = EchoAsync(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task EchoAsync(Socket connection)
    {
        try
        {
            await connection.SendAsync(Encoding.ASCII.GetBytes(Name));
            var buffer = new byte[64 * 1024];
            while (await connection.ReceiveAsync(buffer.AsMemory()) is > 0 and var bytes)
            {
                for (var sent = 0; sent < bytes; )
                {
                    sent += await connection.SendAsync(buffer.AsMemory(sent, bytes - sent));
                }
            }
            // The client has ended its side, and this one goes on for a last word.
            await connection.SendAsync("end"u8.ToArray());
            connection.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone.
        }
    }

    private async Task AnswerAsync()
    {
        var buffer = new byte[2048];
        try
        {
            while (true)
            {
                var received = await _udp.ReceiveFromAsync(buffer.AsMemory(), new IPEndPoint(IPAddress.Any, 0));
                await _udp.SendToAsync(Encoding.ASCII.GetBytes(Name), received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }
}
