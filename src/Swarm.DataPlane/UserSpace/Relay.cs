using System.Buffers;
using System.Net.Sockets;

namespace Swarm.DataPlane.UserSpace;

/// <summary>A connection between a client and a task: copies both ways until both have ended. Either side may end before the other, as TCP allows.</summary>
internal sealed class Relay(string taskId, string nodeId, Socket client, Socket task) : IDisposable
{
    /// <summary>A connection in use holds one for each way; a silent one holds none.</summary>
    private const int BufferBytes = 32 * 1024;

    public string TaskId { get; } = taskId;

    public string NodeId { get; } = nodeId;

    /// <summary>Copies until both sides have ended, or one has failed: then the other is reset.</summary>
    public async Task RunAsync()
    {
        var up = CopyAsync(client, task);
        var down = CopyAsync(task, client);
        // A way that fails resets both sockets, so the other way ends too.
        await Task.WhenAll(up, down);
    }

    /// <summary>Resets both sides: the client learns at once that its task is gone.</summary>
    public void Reset()
    {
        Reset(client);
        Reset(task);
    }

    public void Dispose()
    {
        client.Dispose();
        task.Dispose();
    }

    /// <summary>Closes a socket with a RST, where TCP has one.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
        socket.Dispose();
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        try
        {
            while (true)
            {
                // Waits without a buffer: thousands of silent connections cost no memory.
                await from.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
                var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                try
                {
                    var bytes = await from.ReceiveAsync(buffer.AsMemory(), SocketFlags.None);
                    if (bytes == 0)
                    {
                        to.Shutdown(SocketShutdown.Send);
                        return;
                    }
                    for (var sent = 0; sent < bytes; )
                    {
                        sent += await to.SendAsync(buffer.AsMemory(sent, bytes - sent), SocketFlags.None);
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Reset();
        }
    }
}
