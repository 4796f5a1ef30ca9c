using global::Docker.DotNet;

namespace Swarm.Agent.Executors.Docker;

/// <summary>How the engine is called.</summary>
internal static class EngineConnection
{
    /// <param name="endpoint">Null: DOCKER_HOST, else the engine of this machine.</param>
    public static DockerClientBuilder Builder(Uri? endpoint)
    {
        // A stop call lasts as long as the grace period: no time limit of the client's own.
        var builder = new DockerClientBuilder().WithTimeout(Timeout.InfiniteTimeSpan);
        return endpoint is null ? builder : builder.WithEndpoint(endpoint);
    }
}
