using System.Net;
using System.Net.Sockets;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>Addresses of this machine that no other test uses, because each node listens on the swarm's own port.</summary>
internal static class LoopbackAddress
{
    /// <summary>An address of 127.0.0.0/8 (host:port) on which port 2377 is free; where there is only 127.0.0.1, a free port of it.</summary>
    public static string Next()
    {
        for (var attempt = 0; OperatingSystem.IsLinux() && attempt < 100; attempt++)
        {
            // Sandboxes use 127.0.x.y.
            var address = new IPAddress([
                127,
                (byte)Random.Shared.Next(100, 250),
                (byte)Random.Shared.Next(1, 250),
                (byte)Random.Shared.Next(1, 250),
            ]);
            if (IsFree(new IPEndPoint(address, 2377)))
            {
                return $"{address}:2377";
            }
        }
        using var any = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        any.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return any.LocalEndPoint!.ToString()!;
    }

    private static bool IsFree(IPEndPoint endPoint)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
