using System.Net;
using System.Net.Sockets;
using System.Text;
using Swarm.Host.Systems;

namespace Swarm.Host.Tests.Hosting;

/// <summary>Lets a package manager on a throw-away host reach its repositories, and nothing else. It is an HTTP proxy of this process at
/// the other
/// end of a pair of interfaces.</summary>
internal sealed class RepositoryRelay : IAsyncDisposable
{
    private readonly string _link;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpClient _client = new(new HttpClientHandler { AllowAutoRedirect = false });
    private readonly Task _accepting;

    private RepositoryRelay(string link, TcpListener listener)
    {
        (_link, _listener) = (link, listener);
        _accepting = AcceptAsync();
    }

    /// <summary>Configures the host's apt to use it, for Debian's own repositories only: others may be out of reach.</summary>
    public static async Task<RepositoryRelay> StartAsync(NamespaceHost host)
    {
        var local = new LocalSystem();
        var net = $"10.98.{Environment.ProcessId % 250}";
        var link = $"swt{Environment.ProcessId}";
        foreach (
            var arguments in (string[][])
                [
                    ["link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", host.Pid],
                    ["address", "add", $"{net}.1/30", "dev", link],
                    ["link", "set", link, "up"],
                ]
        )
        {
            var result = await local.RunAsync(new ToolCommand("ip", arguments), TestContext.Current.CancellationToken);
            Assert.True(result.Succeeded, result.Error);
        }
        await host.ShellAsync($"ip address add {net}.2/30 dev eth0; ip link set eth0 up");
        var listener = new TcpListener(IPAddress.Parse($"{net}.1"), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        host.Write(
            "/etc/apt/apt.conf.d/99relay",
            $"Acquire::http::Proxy \"http://{net}.1:{port}\";\nAcquire::http::Pipeline-Depth \"0\";\n"
        );
        await host.ShellAsync(
            """
            for f in /etc/apt/sources.list.d/*; do grep -q deb.debian.org $f || rm -f $f; done
            # Nobody reads manual pages there; indexing them takes longer than the packages.
            rm -f /var/lib/man-db/auto-update
            """
        );
        return new RepositoryRelay(link, listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _client.Dispose();
        _stopping.Dispose();
        // The interface is gone already when the host has ended.
        await new LocalSystem().RunAsync(new ToolCommand("ip", "link", "delete", _link), CancellationToken.None);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                await using var stream = connection.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                // GET http://deb.debian.org/… HTTP/1.1
                while (await reader.ReadLineAsync(_stopping.Token) is { Length: > 0 } first)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(first.Split(' ')[1]));
                    while (await reader.ReadLineAsync(_stopping.Token) is { Length: > 0 } header)
                    {
                        var parts = header.Split(": ", 2);
                        if (parts[0] is "If-Modified-Since" or "Range" or "User-Agent")
                        {
                            request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
                        }
                    }
                    using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stopping.Token);
                    var head = new StringBuilder($"HTTP/1.1 {(int)answer.StatusCode} {answer.ReasonPhrase}\r\n");
                    foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
                    {
                        if (name is "Content-Length" or "Content-Type" or "Last-Modified" or "Content-Range" or "Location")
                        {
                            head.Append(name).Append(": ").Append(string.Join(", ", values)).Append("\r\n");
                        }
                    }
                    var whole = answer.Content.Headers.ContentLength is not null || (int)answer.StatusCode == 304;
                    head.Append(whole ? "\r\n" : "Connection: close\r\n\r\n");
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()), _stopping.Token);
                    await answer.Content.CopyToAsync(stream, _stopping.Token);
                    if (!whole)
                    {
                        return;
                    }
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException)
            {
                // apt reports missing files.
            }
        }
    }
}
