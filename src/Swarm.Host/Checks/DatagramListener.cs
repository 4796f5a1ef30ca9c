using System.Net;
using System.Net.Sockets;

namespace Swarm.Host.Checks;

/// <summary>The datagrams that have arrived.</summary>
/// <param name="Arrived">Ports that received a datagram of the sender.</param>
/// <param name="InUse">Ports on which another program listens; nothing is known of them.</param>
public sealed record DatagramReport(IReadOnlyList<int> Arrived, IReadOnlyList<int> InUse);

/// <summary>The receiving end of a probe by datagrams: only the receiving host knows whether a datagram has arrived.</summary>
public static class DatagramListener
{
    /// <summary>Waits until a datagram has come to every port that is free.</summary>
    /// <param name="address">An address of this host; any other address stands for all addresses of this host.</param>
    /// <param name="ports">UDP.</param>
    /// <param name="payload">The content of the sender's datagrams; datagrams with other content are ignored.</param>
    /// <param name="patience">The time after which the report holds the datagrams that have arrived so far.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<DatagramReport> RunAsync(
        IPAddress address,
        IEnumerable<int> ports,
        byte[] payload,
        TimeSpan patience,
        CancellationToken cancellation
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<(int Port, Socket Socket)> sockets = [];
        List<int> inUse = [];
        try
        {
            foreach (var port in ports.Distinct())
            {
                if (Bind(address, port) is { } socket)
                {
                    sockets.Add((port, socket));
                }
                else
                {
                    inUse.Add(port);
                }
            }
            limit.CancelAfter(patience);
            var receiving = sockets.Select(s => (s.Port, Task: ReceiveAsync(s.Socket, payload, limit.Token))).ToList();
            await Task.WhenAll(receiving.Select(static r => r.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
            return new DatagramReport([.. receiving.Where(static r => r.Task.IsCompletedSuccessfully).Select(static r => r.Port)], inUse);
        }
        finally
        {
            foreach (var (_, socket) in sockets)
            {
                socket.Dispose();
            }
        }
    }

    /// <returns>Null: another program listens there already.</returns>
    internal static Socket? Bind(IPAddress address, int port)
    {
        var all = address.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        foreach (var own in (IPAddress[])[address, all])
        {
            var socket = new Socket(own.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                socket.Bind(new IPEndPoint(own, port));
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                if (e.SocketErrorCode != SocketError.AddressNotAvailable)
                {
                    return null;
                }
            }
        }
        return null;
    }

    internal static async Task ReceiveAsync(Socket socket, byte[] payload, CancellationToken cancellation)
    {
        var buffer = new byte[256];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellation);
            if (buffer.AsSpan(0, length).SequenceEqual(payload))
            {
                return;
            }
        }
    }
}
