using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Swarm.Daemon.Tests.Ports;

/// <summary>Clients of a web server that ask all the time, and never ask twice for the same: a failure is seen. Some keep their connection, some open a new one
/// for each request, and some wait for an answer that takes 300 ms.</summary>
internal sealed class WebLoad : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <summary>For a request that never ends; not an expectation.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _clients = [];
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _failures = new();
    private int _requests;

    public WebLoad(params IPEndPoint[] servers)
    {
        foreach (var server in servers)
        {
            _clients.Add(Task.Run(() => AskAsync(server, keeps: true, "/")));
            _clients.Add(Task.Run(() => AskAsync(server, keeps: false, "/")));
            _clients.Add(Task.Run(() => AskAsync(server, keeps: false, "/?delay=300")));
        }
    }

    public int Requests => Volatile.Read(ref _requests);

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>The lines that were answered, each with how often.</summary>
    public IReadOnlyDictionary<string, int> Answers => _answers;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Deadline.WaitAsync(Task.WhenAll(_clients), "the clients to end");
        _stopping.Dispose();
    }

    private async Task AskAsync(IPEndPoint server, bool keeps, string path)
    {
        Socket? connection = null;
        var buffer = new byte[4096];
        while (!_stopping.IsCancellationRequested)
        {
            using var limit = new CancellationTokenSource(Patience);
            var isKept = connection is not null;
            try
            {
                if (connection is null)
                {
                    connection = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    await connection.ConnectAsync(server, limit.Token);
                }
                var head = $"GET {path} HTTP/1.1\r\nHost: web\r\n{(keeps ? "" : "Connection: close\r\n")}\r\n";
                await connection.SendAsync(Encoding.ASCII.GetBytes(head), SocketFlags.None, limit.Token);
                var answer = await ReadAsync(connection, buffer, limit.Token);
                _answers.AddOrUpdate(
                    answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Trim(),
                    1,
                    static (_, n) => n + 1
                );
                if (!keeps || answer.Contains("Connection: close", StringComparison.Ordinal))
                {
                    connection.Dispose();
                    connection = null;
                }
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                _failures.Enqueue(
                    $"{DateTime.UtcNow:HH:mm:ss.fff} {path} {(isKept ? "on a kept connection" : "on a new connection")}: {e.Message}"
                );
                connection?.Dispose();
                connection = null;
            }
            Interlocked.Increment(ref _requests);
            await Task.Delay(Pause, CancellationToken.None);
        }
        connection?.Dispose();
    }

    /// <summary>A whole answer: its head, and as many bytes as that says.</summary>
    private static async Task<string> ReadAsync(Socket connection, byte[] buffer, CancellationToken cancellation)
    {
        var bytes = 0;
        while (true)
        {
            var read = await connection.ReceiveAsync(buffer.AsMemory(bytes), SocketFlags.None, cancellation);
            if (read == 0)
            {
                throw new IOException($"the connection ended after {bytes} bytes");
            }
            bytes += read;
            var text = Encoding.UTF8.GetString(buffer, 0, bytes);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                const string Name = "Content-Length: ";
                var at = text.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
                var length = int.Parse(text.AsSpan(at, text.IndexOf('\r', at) - at), System.Globalization.CultureInfo.InvariantCulture);
                if (bytes >= end + 4 + length)
                {
                    return text;
                }
            }
        }
    }
}
