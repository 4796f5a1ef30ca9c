using System.Net;
using System.Net.Sockets;

namespace Swarm.Tests.Shared;

/// <summary>A port that refuses connections and that no other program gets: it is bound and does not listen. A closed listener would be
/// worse.
/// A program that is being started holds every open file until it is executed, so the listener may live on. Another test may then get its
/// port.</summary>
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
