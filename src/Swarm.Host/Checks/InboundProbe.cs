using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Swarm.Host.Firewall;

namespace Swarm.Host.Checks;

/// <summary>Checks whether another host reaches this one: listens for a moment on the free ports, and has the other host try
/// them.</summary>
public static class InboundProbe
{
    /// <summary>The time for datagrams that are still on the way when the other host has answered.</summary>
    private static readonly TimeSpan Straggling = TimeSpan.FromSeconds(1);

    /// <summary>Has the other host try these targets.</summary>
    /// <param name="tcp">HOST:PORT.</param>
    /// <param name="udp">HOST:PORT.</param>
    /// <param name="payload">The content of the datagrams.</param>
    public delegate Task<IReadOnlyList<ProbeResult>> Ask(IReadOnlyList<string> tcp, IReadOnlyList<string> udp, byte[] payload);

    /// <param name="address">An address of this host.</param>
    /// <param name="from">The host that tries, for the text.</param>
    /// <param name="isManager">The management port is tried too.</param>
    /// <param name="ask">Has the other host try.</param>
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
            await Task.WhenAny(Task.WhenAll(arrived.Values), Task.Delay(Straggling, cancellation));
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
            // Another program listens there already; the port can be tried all the same.
            socket.Dispose();
            return null;
        }
    }
}
