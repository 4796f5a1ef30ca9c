using System.Net;
using System.Net.Sockets;

namespace Swarm.Host.Checks;

/// <summary>What has arrived.</summary>
/// <param name="Arrived">Ports that a datagram of the sender's has come to.</param>
/// <param name="InUse">Ports that somebody else listens on: nothing is known of them.</param>
public sealed record DatagramReport(IReadOnlyList<int> Arrived, IReadOnlyList<int> InUse);

/// <summary>The other end of a probe by datagrams: whether one has arrived only the host that it was sent to knows.</summary>
public static class DatagramListener
{
    /// <summary>Waits until a datagram has come to every port that is free.</summary>
    /// <param name="address">Of this host; one that is not its own stands for all of them.</param>
    /// <param name="ports">UDP.</param>
    /// <param name="payload">What the sender's datagrams carry; others are passed over.</param>
    /// <param name="patience">Then the answer is given with what has arrived.</param>
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

    /// <returns>Null: somebody listens there already.</returns>
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
