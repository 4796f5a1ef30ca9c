using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Swarm.DataPlane.UserSpace.Connections;

/// <summary>Asks Linux for the TCP connections of this machine, and for how long each was silent (<c>sock_diag(7)</c>).</summary>
internal static partial class SocketDiagnostics
{
    // linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
    private const int FamilyNetlink = 16;
    private const int Raw = 3;
    private const int CloseOnExec = 0x80000;
    private const int ProtocolSockDiag = 4;
    private const ushort SockDiagByFamily = 20;
    private const ushort Done = 3;
    private const ushort Error = 2;
    private const ushort RequestDump = 0x301;
    private const int HeaderBytes = 16;
    private const int RequestBytes = 56;
    private const int MessageBytes = 72;
    private const ushort InfoAttribute = 2;
    private const byte WithInfo = 1 << (InfoAttribute - 1);

    // struct tcp_info, linux/tcp.h: milliseconds since the last data.
    private const int LastSentOffset = 44;
    private const int LastReceivedOffset = 52;
    private const byte InternetV4 = 2;
    private const byte InternetV6 = 10;
    private const int ReceiveBytes = 64 * 1024;

    /// <summary>A connection of this machine.</summary>
    /// <param name="Local">Its end here; an IPv4 address is never mapped to IPv6.</param>
    /// <param name="Silence">The time since the last byte, either way.</param>
    public readonly record struct Connection(IPEndPoint Local, TimeSpan Silence);

    /// <summary>The connections in one of the given states.</summary>
    /// <param name="states">Bits by the numbers of <c>enum tcp_state</c>: 1 is ESTABLISHED.</param>
    /// <exception cref="Win32Exception">The system does not tell.</exception>
    public static List<Connection> List(uint states)
    {
        var found = new List<Connection>();
        var socket = OpenSocket(FamilyNetlink, Raw | CloseOnExec, ProtocolSockDiag);
        if (socket < 0)
        {
            throw new Win32Exception();
        }
        try
        {
            Dump(socket, InternetV4, states, found);
            Dump(socket, InternetV6, states, found);
            return found;
        }
        finally
        {
            _ = Close(socket);
        }
    }

    private static void Dump(int socket, byte family, uint states, List<Connection> found)
    {
        Span<byte> request = stackalloc byte[HeaderBytes + RequestBytes];
        request.Clear();
        MemoryMarshal.Write(request, (uint)request.Length);
        MemoryMarshal.Write(request[4..], SockDiagByFamily);
        MemoryMarshal.Write(request[6..], RequestDump);
        request[HeaderBytes] = family;
        request[HeaderBytes + 1] = (byte)ProtocolType.Tcp;
        request[HeaderBytes + 2] = WithInfo;
        MemoryMarshal.Write(request[(HeaderBytes + 4)..], states);
        if (Send(socket, request, (nuint)request.Length, 0) != request.Length)
        {
            throw new Win32Exception();
        }
        var buffer = new byte[ReceiveBytes];
        while (true)
        {
            var bytes = Receive(socket, buffer, (nuint)buffer.Length, 0);
            if (bytes <= 0)
            {
                throw new Win32Exception();
            }
            if (!Read(buffer.AsSpan(0, (int)bytes), found))
            {
                return;
            }
        }
    }

    /// <returns>False: the list has ended.</returns>
    private static bool Read(ReadOnlySpan<byte> messages, List<Connection> found)
    {
        while (messages.Length >= HeaderBytes)
        {
            var length = MemoryMarshal.Read<int>(messages);
            var type = MemoryMarshal.Read<ushort>(messages[4..]);
            if (length < HeaderBytes || length > messages.Length || type == Done)
            {
                return false;
            }
            if (type == Error)
            {
                throw new Win32Exception(-MemoryMarshal.Read<int>(messages[HeaderBytes..]));
            }
            if (length >= HeaderBytes + MessageBytes && ReadOne(messages[HeaderBytes..length]) is { } connection)
            {
                found.Add(connection);
            }
            messages = messages[Math.Min(Aligned(length), messages.Length)..];
        }
        return true;
    }

    private static Connection? ReadOne(ReadOnlySpan<byte> message)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        var address = new IPAddress(message.Slice(8, message[0] == InternetV4 ? 4 : 16));
        var local = new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
        var attributes = message[MessageBytes..];
        while (attributes.Length >= 4)
        {
            var length = MemoryMarshal.Read<ushort>(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }
            if (MemoryMarshal.Read<ushort>(attributes[2..]) == InfoAttribute && length >= 4 + LastReceivedOffset + sizeof(uint))
            {
                var info = attributes[4..];
                var silence = Math.Min(
                    MemoryMarshal.Read<uint>(info[LastSentOffset..]),
                    MemoryMarshal.Read<uint>(info[LastReceivedOffset..])
                );
                return new Connection(local, TimeSpan.FromMilliseconds(silence));
            }
            attributes = attributes[Math.Min(Aligned(length), attributes.Length)..];
        }
        // A connection that is being opened has no times yet.
        return new Connection(local, TimeSpan.Zero);
    }

    private static int Aligned(int length) => (length + 3) & ~3;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int socket);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, ReadOnlySpan<byte> bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, Span<byte> bytes, nuint length, int flags);
}
