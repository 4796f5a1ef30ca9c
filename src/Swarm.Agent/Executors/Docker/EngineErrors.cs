using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using global::Docker.DotNet;

namespace Swarm.Agent.Executors.Docker;

/// <summary>Distinguishes an absent engine from one that refuses, and reads its messages.</summary>
internal static class EngineErrors
{
    public static bool IsAway(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or IOException or SocketException or TimeoutException
        || (e is OperationCanceledException && !cancellation.IsCancellationRequested)
        || e is DockerApiException { StatusCode: HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable };

    /// <summary>Runs a call that only reads. The engine has no reason to refuse it: an internal error means that the engine is stopping, or
    /// its runtime is away. So the engine counts as away, and the task does not fail.</summary>
    public static async Task<T> AskAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await CallAsync(call, cancellation);
        }
        catch (DockerApiException e) when (e.StatusCode >= HttpStatusCode.InternalServerError)
        {
            throw new ExecutorUnavailableException($"The container engine is in trouble: {MessageOf(e)}", e);
        }
    }

    /// <summary>Runs an engine call; throws <see cref="ExecutorUnavailableException"/> when the engine is away.</summary>
    public static async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (IsAway(e, cancellation))
        {
            throw new ExecutorUnavailableException($"The container engine does not answer: {e.Message}", e);
        }
    }

    /// <summary>A container of that name exists. Podman calls that an internal error.</summary>
    public static bool IsNameTaken(DockerApiException e) =>
        e.StatusCode == HttpStatusCode.Conflict || MessageOf(e).EndsWith("that name is already in use", StringComparison.Ordinal);

    /// <summary>The engine's message without its JSON.</summary>
    public static string MessageOf(DockerApiException e)
    {
        try
        {
            using var body = JsonDocument.Parse(e.ResponseBody ?? "");
            return body.RootElement.TryGetProperty("message", out var message) ? message.GetString() ?? e.Message : e.Message;
        }
        catch (JsonException)
        {
            return e.ResponseBody is { Length: > 0 } text ? text : e.Message;
        }
    }
}
