using Microsoft.AspNetCore.Http;

namespace Swarm.Daemon.Tests.DockerSwarm;

internal static class FakeEngineAnswers
{
    /// <summary>Writes JSON text as an engine does.</summary>
    public static Task WriteAsJsonNodeAsync(this HttpResponse response, string json)
    {
        response.ContentType = "application/json";
        return response.WriteAsync(json);
    }
}
