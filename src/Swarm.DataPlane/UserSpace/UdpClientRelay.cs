using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Swarm.DataPlane.UserSpace;

/// <summary>A client of a UDP port, with a socket of its own to its backend: answers find their way back by it.</summary>
internal sealed class UdpClientRelay : IDisposable
{
    private const int DatagramBytes = 65_535;

    private readonly Socket _port;
    private readonly SocketAddress _client;
    private readonly TimeProvider _time;
    private readonly Socket _task;
    private long _lastUse;

    /// <param name="port">The published port, by which answers go back.</param>
    /// <param name="client">Its address.</param>
    /// <param name="backend">Where its datagrams go.</param>
    /// <param name="time">Measures silence.</param>
    public UdpClientRelay(Socket port, SocketAddress client, Backend backend, TimeProvider time)
    {
        (_port, _client, Backend, _time) = (port, client, backend, time);
        _task = new Socket(backend.EndPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _task.Connect(backend.EndPoint);
        Touch();
        _ = Task.Run(AnswerAsync);
    }

    public Backend Backend { get; }

    /// <summary>The time since the last datagram, either way.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Interlocked.Read(ref _lastUse));

    public void Touch() => Interlocked.Exchange(ref _lastUse, _time.GetTimestamp());

    public async ValueTask SendAsync(ReadOnlyMemory<byte> datagram)
    {
        try
        {
            await _task.SendAsync(datagram, SocketFlags.None);
        }
        catch (ObjectDisposedException)
        {
            // The backend has left meanwhile.
        }
    }

    public void Dispose() => _task.Dispose();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                try
                {
                    await _task.ReceiveAsync(Memory<byte>.Empty, SocketFlags.Peek);
                    var buffer = ArrayPool<byte>.Shared.Rent(DatagramBytes);
                    try
                    {
                        var bytes = await _task.ReceiveAsync(buffer.AsMemory(), SocketFlags.None);
                        Touch();
                        await _port.SendToAsync(buffer.AsMemory(0, bytes), SocketFlags.None, _client);
                    }
                    finally
                    {
                        ArrayPool<byte>.Shared.Return(buffer);
                    }
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.MessageSize)
                {
                    // The task does not listen, which the system tells once for each datagram.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Forgotten.
        }
    }
}
