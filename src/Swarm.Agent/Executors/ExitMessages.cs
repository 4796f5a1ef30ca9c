using System.Globalization;

namespace Swarm.Agent.Executors;

/// <summary>Docker's words for how a task ended. Source: moby daemon/cluster/executor/container/errors.go.</summary>
public static class ExitMessages
{
    public const string Unhealthy = "unhealthy container";

    /// <summary>Ours: Docker takes a container that ends well before its health check has succeeded for one that was started.</summary>
    public const string NeverHealthy = "container ended before its health check succeeded";

    /// <summary>Of a container that ended before its health check succeeded.</summary>
    /// <param name="ended">What it ended with; empty when it ended well.</param>
    public static string BeforeHealthy(string ended) => ended.Length > 0 ? ended : NeverHealthy;

    public static string For(int exitCode, bool outOfMemory = false) =>
        exitCode == 0 ? ""
        : outOfMemory ? With(exitCode, "OOM killed")
        : string.Create(CultureInfo.InvariantCulture, $"task: non-zero exit ({exitCode})");

    public static string With(int exitCode, string cause) =>
        string.Create(CultureInfo.InvariantCulture, $"task: non-zero exit ({exitCode}): {cause}");
}
