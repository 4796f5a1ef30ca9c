using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Model;

namespace Swarm.DataPlane.UserSpace;

/// <summary>Gives each task a place to listen. A process may get an address of its own, where the nodes have loopback addresses. Other tasks get free ports of
/// the node's address.</summary>
internal sealed class TaskPlaces(UserSpaceOptions options) : IDisposable
{
    /// <summary>An address is held by a socket that listens on this port of it, and accepts nobody: only sockets that listen keep others away. No task gets this port.</summary>
    private const int ReservedPort = 65_535;

    /// <summary>Addresses that are tried before the task gets free ports instead.</summary>
    private const int Attempts = 64;

    /// <summary>Ports below need a right that a swarmd of a user has not (<c>ip_unprivileged_port_start</c>, 1024 by default).</summary>
    private const string UnprivilegedStart = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

    private readonly Dictionary<string, Socket> _held = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly IPAddress _address = IPAddress.Parse(options.Address);
    private uint _next;

    /// <summary>Tasks are processes, and the node shares its machine with others: it has an address of 127.0.0.0/8, and so can its tasks.</summary>
    private bool MayHaveOwnAddress =>
        !options.TasksAreContainers && IPAddress.IsLoopback(_address) && _address.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>A place for the task; the one that it had, if it can still have that.</summary>
    /// <exception cref="SocketException">No port is free.</exception>
    public TaskEndpoint Give(string taskId, ValueList<PublishedPort> ports, TaskEndpoint? known)
    {
        lock (_gate)
        {
            if (known is not null)
            {
                // The task may be running there already: its address is its own, whether it can be held or not.
                if (
                    IPAddress.TryParse(known.Address, out var had)
                    && !had.Equals(_address)
                    && !_held.ContainsKey(taskId)
                    && Hold(had) is { } again
                )
                {
                    _held[taskId] = again;
                }
                return known;
            }
            // A port of the node itself is a port of the node's own address.
            if (MayHaveOwnAddress && !ports.Any(static port => port.Mode == PublishMode.Host))
            {
                for (var i = 0; i < Attempts; i++)
                {
                    var address = Candidate();
                    if (Hold(address) is { } held)
                    {
                        _held[taskId] = held;
                        return new TaskEndpoint(address.ToString(), Ports(address, ports, mayBeTarget: true));
                    }
                }
            }
            return new TaskEndpoint(_address.ToString(), Ports(_address, ports, mayBeTarget: false));
        }
    }

    /// <summary>Whether a socket of this machine can have the address.</summary>
    public static bool IsOfThisMachine(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Release(string taskId)
    {
        lock (_gate)
        {
            if (_held.Remove(taskId, out var socket))
            {
                socket.Dispose();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var socket in _held.Values)
            {
                socket.Dispose();
            }
            _held.Clear();
        }
    }

    /// <summary>The next address of this node's range, which begins where a hash of swarm and node says: other nodes of the machine begin elsewhere. The range
    /// is 127.64.0.0 to 127.255.255.255; addresses below are left to the nodes themselves and to other programs.</summary>
    private IPAddress Candidate()
    {
        if (_next == 0)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{options.ClusterId}/{options.NodeId}"));
            _next = BinaryPrimitives.ReadUInt32BigEndian(hash) & 0xFFFF00;
        }
        Span<byte> bytes = stackalloc byte[4];
        uint host;
        do
        {
            host = _next++ & 0xFFFFFF;
            // .0 and .255 look like a network and a broadcast to some programs.
        } while ((byte)host is 0 or 255);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x7F00_0000 | (64 << 16) + (host % (192 << 16)));
        return new IPAddress(bytes);
    }

    private static Socket? Hold(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, ReservedPort));
            socket.Listen(1);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static ValueList<TaskPort> Ports(IPAddress address, ValueList<PublishedPort> ports, bool mayBeTarget)
    {
        var listening = new List<TaskPort>();
        foreach (var port in ports)
        {
            var isGiven = listening.Exists(l => l.Target == port.Target && l.Protocol == port.Protocol);
            if (isGiven || (mayBeTarget && MayListen(port.Target)))
            {
                continue;
            }
            // The scheduler has reserved the port of the node.
            var number = port is { Mode: PublishMode.Host, Published: > 0 } ? port.Published : FreePort(address, port.Protocol);
            listening.Add(new TaskPort(port.Target, port.Protocol, number));
        }
        return listening.ToValueList();
    }

    private static bool MayListen(uint port) => port != ReservedPort && (Environment.IsPrivilegedProcess || port >= FirstUnprivileged());

    private static uint FirstUnprivileged() =>
        OperatingSystem.IsLinux() && uint.TryParse(File.ReadAllText(UnprivilegedStart), out var first) ? first : 1024;

    private static uint FreePort(IPAddress address, PortProtocol protocol)
    {
        var isDatagram = protocol == PortProtocol.Udp;
        using var socket = new Socket(
            address.AddressFamily,
            isDatagram ? SocketType.Dgram : SocketType.Stream,
            isDatagram ? ProtocolType.Udp : ProtocolType.Tcp
        );
        socket.Bind(new IPEndPoint(address, 0));
        return (uint)((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
