using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Swarm.Benchmarks;

/// <summary>A container engine's plain API over its socket, without any code of swarmd.</summary>
internal sealed class EngineClient : IDisposable
{
    private const string BenchmarkLabel = "swarm.benchmark";
    private readonly HttpClient _http;

    /// <summary>$DOCKER_HOST if it names a socket, as for swarmd; else the well-known path.</summary>
    public static string DefaultSocket =>
        Environment.GetEnvironmentVariable("DOCKER_HOST") is { } host && host.StartsWith("unix://", StringComparison.Ordinal)
            ? host[7..]
            : "/var/run/docker.sock";

    public EngineClient(string socketPath) =>
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), token);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        )
        {
            BaseAddress = new Uri("http://engine/"),
            Timeout = TimeSpan.FromMinutes(5),
        };

    public async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await _http.GetAsync("_ping");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The body of a create call for another container with the same image and options.</summary>
    /// <remarks>It keeps the labels, but not the swarm's: the agent must not take the copies for its own.</remarks>
    public async Task<string> TemplateAsync(string containerId)
    {
        var inspected = await _http.GetFromJsonAsync<JsonObject>($"containers/{containerId}/json") ?? [];
        var template = inspected["Config"]!.DeepClone().AsObject();
        if (
            template["Hostname"]?.GetValue<string>() is { } name
            && inspected["Id"]!.GetValue<string>().StartsWith(name, StringComparison.Ordinal)
        )
        {
            template.Remove("Hostname");
        }
        template["HostConfig"] = inspected["HostConfig"]!.DeepClone();
        template["HostConfig"]!["ContainerIDFile"] = "";
        if (template["Labels"] is JsonObject labels)
        {
            foreach (var label in labels.Select(l => l.Key).Where(k => k.EndsWith(".id", StringComparison.Ordinal)).ToArray())
            {
                labels[label] = "benchmark";
            }
            labels[BenchmarkLabel] = "1";
        }
        return template.ToJsonString();
    }

    /// <summary>Creates and starts one container.</summary>
    public async Task RunAsync(string template)
    {
        using var created = await SendAsync(HttpMethod.Post, "containers/create", template);
        var id = (await created.Content.ReadFromJsonAsync<JsonObject>())!["Id"]!.GetValue<string>();
        using var started = await SendAsync(HttpMethod.Post, $"containers/{id}/start", null);
    }

    /// <summary>Removes what <see cref="RunAsync"/> has made, in this process or another.</summary>
    public async Task RemoveAllAsync(int inFlight)
    {
        var filters = Uri.EscapeDataString($$"""{"label":["{{BenchmarkLabel}}"]}""");
        var found = await _http.GetFromJsonAsync<JsonArray>($"containers/json?all=true&filters={filters}") ?? [];
        await Parallel.ForEachAsync(
            found.Select(c => c!["Id"]!.GetValue<string>()).ToArray(),
            new ParallelOptions { MaxDegreeOfParallelism = inFlight },
            async (id, _) =>
            {
                using var removed = await SendAsync(HttpMethod.Delete, $"containers/{id}?force=true&v=true", null);
            }
        );
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        var response = await _http.SendAsync(request);
        return response.IsSuccessStatusCode
            ? response
            : throw new InvalidOperationException(
                $"{method} {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}"
            );
    }
}
