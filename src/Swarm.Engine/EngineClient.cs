using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Core.Errors;

namespace Swarm.Engine;

/// <summary>The engine's HTTP API with its JSON as it is.</summary>
/// <remarks>Docker.DotNet's typed models drop every property that they do not know. A service with newer or rarer options must keep them
/// through a change of ours. So we write back the engine's own JSON with single properties changed. The engine's newest API version is
/// used, because an older one would hide newer properties.</remarks>
public sealed class EngineClient : IDisposable
{
    /// <summary>The oldest API with all options of the cmdlets (capabilities and limits of processes came with Docker 20.10).</summary>
    public static readonly Version OldestApi = new(1, 41);

    /// <summary>An answer takes milliseconds, but an engine whose swarm has no leader takes 20 s to report that.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private string? _prefix;

    /// <param name="endpoint"><c>unix:///…</c>, <c>npipe://…</c>, <c>tcp://…</c>; null: DOCKER_HOST, else the engine of this machine.</param>
    public EngineClient(string? endpoint)
    {
        Endpoint = endpoint ?? Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "";
        if (Endpoint.Length == 0)
        {
            Endpoint = OperatingSystem.IsWindows() ? "npipe://./pipe/docker_engine" : "unix:///var/run/docker.sock";
        }
        var uri = new Uri(Endpoint);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectTimeout = TimeSpan.FromSeconds(5),
        };
        if (uri.Scheme is "unix" or "npipe")
        {
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(uri, cancellation);
        }
        _http = new HttpClient(handler)
        {
            BaseAddress =
                uri.Scheme is "unix" or "npipe" ? new Uri("http://engine")
                : uri.Scheme == "tcp" ? new Uri("http://" + uri.Authority)
                : uri,
            // Every call has a deadline of its own; the stream of events has none.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The address of the engine, for messages.</summary>
    public string Endpoint { get; }

    /// <exception cref="EngineException">The engine refused.</exception>
    /// <exception cref="SwarmException">EngineUnavailable, EngineTooOld, NoLeader.</exception>
    public Task<JsonNode?> GetAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, null, DefaultDeadline, "", cancellation);

    /// <inheritdoc cref="GetAsync"/>
    public Task<JsonNode?> PostAsync(string path, JsonNode? body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, body, DefaultDeadline, "", cancellation);

    /// <inheritdoc cref="GetAsync"/>
    public async Task DeleteAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await SendAsync(HttpMethod.Delete, path, null, DefaultDeadline, "", cancellation);
        }
        catch (EngineException e) when (e.Status == HttpStatusCode.NotFound)
        {
            // The caller has just seen the object, so another client has removed it, or the first of two calls has. .NET's client repeats a
            // call without a body by itself when a kept connection breaks.
        }
    }

    /// <summary>A call with its JSON answer, or null when the answer has no body.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonNode?> SendAsync(
        HttpMethod method,
        string path,
        JsonNode? body,
        TimeSpan deadline,
        string registryAuth,
        CancellationToken cancellation
    )
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(deadline);
        try
        {
            using var response = await RequestAsync(method, path, body, registryAuth, limited.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(limited.Token);
            return response.Content.Headers.ContentType?.MediaType == "application/json"
                ? await JsonNode.ParseAsync(stream, cancellationToken: limited.Token)
                : null;
        }
        catch (Exception e) when (IsAway(e))
        {
            cancellation.ThrowIfCancellationRequested();
            throw await ExplainAsync(e, deadline);
        }
    }

    /// <summary>A large list, as a document that is cheap to walk.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonDocument> GetDocumentAsync(string path, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(DefaultDeadline);
        try
        {
            using var response = await RequestAsync(HttpMethod.Get, path, null, "", limited.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(limited.Token);
            return await JsonDocument.ParseAsync(stream, cancellationToken: limited.Token);
        }
        catch (Exception e) when (IsAway(e))
        {
            cancellation.ThrowIfCancellationRequested();
            throw await ExplainAsync(e, DefaultDeadline);
        }
    }

    /// <summary>An item for each event of the swarm, without end.</summary>
    /// <exception cref="IOException">The connection broke, or the engine went away.</exception>
    public async IAsyncEnumerable<string> EventsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        const string Filters = """{"scope":["swarm"],"type":["service","node","network"]}""";
        using var response = await RequestAsync(HttpMethod.Get, "/events?filters=" + Uri.EscapeDataString(Filters), null, "", cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            yield return line;
        }
    }

    public void Dispose() => _http.Dispose();

    private static bool IsAway(Exception e) =>
        e is HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException or JsonException;

    private static async ValueTask<Stream> ConnectAsync(Uri uri, CancellationToken cancellation)
    {
        if (uri.Scheme == "npipe")
        {
            var pipe = new System.IO.Pipes.NamedPipeClientStream(
                uri.Host.Length > 0 ? uri.Host : ".",
                uri.AbsolutePath.Split('/')[^1],
                System.IO.Pipes.PipeDirection.InOut,
                System.IO.Pipes.PipeOptions.Asynchronous
            );
            await pipe.ConnectAsync(cancellation);
            return pipe;
        }
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(uri.AbsolutePath), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> RequestAsync(
        HttpMethod method,
        string path,
        JsonNode? body,
        string registryAuth,
        CancellationToken cancellation
    )
    {
        var prefix = _prefix ??= await NegotiateAsync(cancellation);
        using var request = new HttpRequestMessage(method, prefix + path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }
        if (registryAuth.Length > 0)
        {
            request.Headers.Add("X-Registry-Auth", registryAuth);
        }
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }
        using (response)
        {
            throw new EngineException(response.StatusCode, await MessageAsync(response, cancellation));
        }
    }

    private async Task<string> NegotiateAsync(CancellationToken cancellation)
    {
        using var response = await _http.GetAsync("/version", cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new EngineException(response.StatusCode, await MessageAsync(response, cancellation));
        }
        using var version = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        var api = version.RootElement.TryGetProperty("ApiVersion", out var text) ? text.GetString() ?? "" : "";
        if (!Version.TryParse(api, out var parsed) || parsed < OldestApi)
        {
            var engine = version.RootElement.TryGetProperty("Version", out var name) ? name.GetString() : "";
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "EngineTooOld",
                $"The engine {engine} speaks version {(api.Length > 0 ? api : "?")} of the API; {OldestApi} is needed.",
                Endpoint,
                "Install Docker Engine 20.10 or later."
            );
        }
        return "/v" + api;
    }

    private static async Task<string> MessageAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            using var body = JsonDocument.Parse(text);
            return body.RootElement.TryGetProperty("message", out var message) ? message.GetString() ?? text : text;
        }
        catch (JsonException)
        {
            return text.Length > 0 ? text : response.StatusCode.ToString();
        }
    }

    /// <summary>Finds the cause of a missing answer: an engine that lives but does not answer for its swarm has no leader.</summary>
    private async Task<SwarmException> ExplainAsync(Exception cause, TimeSpan deadline)
    {
        // The next engine that answers here may be another version.
        _prefix = null;
        if (cause is OperationCanceledException && await AnswersAsync())
        {
            return NoLeader(deadline);
        }
        return new SwarmException(
            SwarmErrorKind.Unavailable,
            "EngineUnavailable",
            cause is OperationCanceledException
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"The container engine at {Endpoint} did not answer within {deadline.TotalSeconds} s."
                )
                : $"The container engine at {Endpoint} does not answer: {(cause.InnerException ?? cause).Message}",
            Endpoint,
            "Start it (systemctl start docker), or name another one with swarmd --docker-host.",
            cause
        );
    }

    /// <summary>The error when the engine lives and its swarm does not answer.</summary>
    private static SwarmException NoLeader(TimeSpan deadline) =>
        new(
            SwarmErrorKind.Unavailable,
            "NoLeader",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The engine's swarm did not answer within {deadline.TotalSeconds} s. It's possible that too few managers are online."
            ),
            action: "Make sure more than half of the managers are online, then retry."
        );

    private async Task<bool> AnswersAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var response = await _http.GetAsync("/_ping", soon.Token);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (IsAway(e))
        {
            return false;
        }
    }
}
