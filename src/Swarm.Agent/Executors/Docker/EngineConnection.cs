using global::Docker.DotNet;

namespace Swarm.Agent.Executors.Docker;

/// <summary>Makes clients of the engine.</summary>
internal static class EngineConnection
{
    /// <param name="endpoint">Null: DOCKER_HOST, else the engine of this machine.</param>
    public static DockerClientBuilder Builder(Uri? endpoint)
    {
        // A stop call lasts as long as the grace period, so the client has no timeout of its own.
        var builder = new DockerClientBuilder().WithTimeout(Timeout.InfiniteTimeSpan);
        return endpoint is null ? builder : builder.WithEndpoint(endpoint);
    }
}
