using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.Daemon.Hosting;

/// <summary>A small web server, the program of the image <c>http</c>: machines without an engine have no other that is always there. It answers each
/// request with one line, after <c>?delay=MILLISECONDS</c> if the request says so.</summary>
/// <remarks>It stops as a server should: on SIGTERM it goes on answering with <c>Connection: close</c> until its connections end.</remarks>
internal static class SampleServer
{
    /// <summary>The argument of swarmd before address, port, text and file.</summary>
    public const string Verb = "sample-server";

    /// <summary>The longest head of a request.</summary>
    private const int HeadBytes = 16 * 1024;

    /// <summary>A client that keeps its connection open in silence ends it itself within this time after SIGTERM, or is left.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private sealed class State
    {
        public volatile bool IsStopping;
        public int Connections;
        public TaskCompletionSource Idle { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <param name="arguments">Address, port, the line of the answers, and a file that it creates once it listens.</param>
    /// <returns>An exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (
            arguments is not [var address, var port, var text, var ready]
            || !IPAddress.TryParse(address, out var ip)
            || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
        {
            await Console.Error.WriteLineAsync($"usage: swarmd {Verb} ADDRESS PORT TEXT FILE");
            return SwarmdProgram.Failure;
        }
        using var listener = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(ip, number));
        listener.Listen(512);
        await File.WriteAllTextAsync(ready, "");
        var state = new State();
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        var accepting = AcceptAsync(listener, text, state);
        await stop.Task;
        state.IsStopping = true;
        listener.Close();
        await accepting;
        if (Volatile.Read(ref state.Connections) > 0)
        {
            await Task.WhenAny(state.Idle.Task, Task.Delay(LastWords));
        }
        return 0;
    }

    private static async Task AcceptAsync(Socket listener, string text, State state)
    {
        while (true)
        {
            try
            {
                var client = await listener.AcceptAsync();
                Interlocked.Increment(ref state.Connections);
                _ = ServeAsync(client, text, state);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (state.IsStopping)
                {
                    return;
                }
            }
        }
    }

    private static async Task ServeAsync(Socket client, string text, State state)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                var buffer = new byte[HeadBytes];
                var bytes = 0;
                while (bytes < buffer.Length)
                {
                    var read = await client.ReceiveAsync(buffer.AsMemory(bytes), SocketFlags.None);
                    if (read == 0)
                    {
                        return;
                    }
                    bytes += read;
                    for (int end; (end = buffer.AsSpan(0, bytes).IndexOf("\r\n\r\n"u8)) >= 0; )
                    {
                        var head = Encoding.ASCII.GetString(buffer, 0, end);
                        buffer.AsSpan((end + 4)..bytes).CopyTo(buffer);
                        bytes -= end + 4;
                        await Task.Delay(DelayOf(head));
                        var isLast = state.IsStopping || head.Contains("connection: close", StringComparison.OrdinalIgnoreCase);
                        await client.SendAsync(Answer(head, text, isLast), SocketFlags.None);
                        if (isLast)
                        {
                            client.Shutdown(SocketShutdown.Send);
                            return;
                        }
                    }
                }
            }
        }
        catch (SocketException)
        {
            // The client has gone.
        }
        finally
        {
            if (Interlocked.Decrement(ref state.Connections) == 0 && state.IsStopping)
            {
                state.Idle.TrySetResult();
            }
        }
    }

    private static TimeSpan DelayOf(string head)
    {
        const string Name = "?delay=";
        var start = head.IndexOf(Name, StringComparison.Ordinal);
        if (start < 0)
        {
            return TimeSpan.Zero;
        }
        var digits = head.AsSpan(start + Name.Length);
        var length = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(length < 0 ? digits : digits[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, LongestDelay.TotalMilliseconds))
            : TimeSpan.Zero;
    }

    private static byte[] Answer(string head, string text, bool isLast)
    {
        var body = text + "\n";
        var answer =
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n")
            + (isLast ? "Connection: close\r\n\r\n" : "\r\n");
        return Encoding.UTF8.GetBytes(head.StartsWith("HEAD ", StringComparison.Ordinal) ? answer : answer + body);
    }
}
