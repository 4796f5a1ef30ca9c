using System.Net;
using System.Net.Sockets;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Keeps other PowerShell processes from choosing the same addresses while a sandbox starts: its daemons listen only later. The claim ends with its
/// process at the latest.</summary>
internal sealed class AddressClaim : IDisposable
{
    /// <summary>The nodes have the addresses from 11 on.</summary>
    private const byte Last = 10;

    private readonly Socket? _socket;

    private AddressClaim(Socket? socket) => _socket = socket;

    /// <summary>A claim of nothing: the nodes have ports of their own.</summary>
    public static AddressClaim None { get; } = new(null);

    /// <summary>Claims 127.0.THIRD.0/24; null: another process has it now.</summary>
    public static AddressClaim? TryTake(byte third, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, third, Last]), port));
            // Only a socket that listens keeps others away.
            socket.Listen(1);
            return new AddressClaim(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public void Dispose() => _socket?.Dispose();
}
