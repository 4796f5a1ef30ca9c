using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Swarm.Host.Firewall;

namespace Swarm.Host.Checks;

/// <summary>Whether another host gets through to this one: listens for a moment on the ports that are free, and has the other one try them.</summary>
public static class InboundProbe
{
    /// <summary>Datagrams on the way when the other side has answered.</summary>
    private static readonly TimeSpan _straggling = TimeSpan.FromSeconds(1);

    /// <summary>Has the other host try these.</summary>
    /// <param name="tcp">HOST:PORT.</param>
    /// <param name="udp">HOST:PORT.</param>
    /// <param name="payload">What datagrams are to carry.</param>
    public delegate Task<IReadOnlyList<ProbeResult>> Ask(IReadOnlyList<string> tcp, IReadOnlyList<string> udp, byte[] payload);

    /// <param name="address">Of this host.</param>
    /// <param name="from">Who tries, in words.</param>
    /// <param name="isManager">The management port is tried too.</param>
    /// <param name="ask">Has it tried.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<IReadOnlyList<HostCheck>> RunAsync(
        IPAddress address,
        string from,
        bool isManager,
        Ask ask,
        CancellationToken cancellation
    )
    {
        var payload = RandomNumberGenerator.GetBytes(16);
        List<PortRange> ports = [.. SwarmPorts.Rules(isManager, [], []).Select(static r => r.Port)];
        List<(PortRange Port, Socket Socket)> sockets = [];
        List<HostCheck> checks = [];
        try
        {
            foreach (var port in ports)
            {
                if (Listen(address, port) is { } socket)
                {
                    sockets.Add((port, socket));
                }
            }
            var arrived = sockets
                .Where(static s => s.Port.Protocol == TransportProtocol.Udp)
                .ToDictionary(static s => s.Port, s => DatagramListener.ReceiveAsync(s.Socket, payload, cancellation));
            var text = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
            var results = await ask(
                [.. ports.Where(static p => p.Protocol == TransportProtocol.Tcp).Select(p => $"{text}:{p.First}")],
                [.. arrived.Keys.Select(p => $"{text}:{p.First}")],
                payload
            );
            await Task.WhenAny(Task.WhenAll(arrived.Values), Task.Delay(_straggling, cancellation));
            foreach (var port in ports)
            {
                var name = $"Port {port} from {from}";
                if (port.Protocol == TransportProtocol.Tcp)
                {
                    checks.Add(PortChecks.Judge(name, results.First(r => r.Target == $"{text}:{port.First}"), port));
                }
                else
                {
                    var receiving = arrived.GetValueOrDefault(port);
                    checks.Add(DatagramChecks.Judge(name, port, "this host", receiving?.IsCompletedSuccessfully));
                }
            }
            return checks;
        }
        finally
        {
            foreach (var (_, socket) in sockets)
            {
                socket.Dispose();
            }
        }
    }

    private static Socket? Listen(IPAddress address, PortRange port)
    {
        if (port.Protocol == TransportProtocol.Udp)
        {
            return DatagramListener.Bind(address, port.First);
        }
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port.First));
            socket.Listen();
            return socket;
        }
        catch (SocketException)
        {
            // Somebody listens there already; the port can be tried all the same.
            socket.Dispose();
            return null;
        }
    }
}
