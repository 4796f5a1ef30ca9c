using System.Net;
using System.Net.Sockets;

namespace Swarm.Tests.Shared;

/// <summary>A port that refuses and that nobody else gets: it is bound, and does not listen. (A listener that is closed may live on for a moment, in a program that is
/// just being started and has every open file until it is executed; and its port may be another test's then.)</summary>
internal sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ClosedPort(string address)
    {
        _socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    public int Port { get; }

    public void Dispose() => _socket.Dispose();
}
