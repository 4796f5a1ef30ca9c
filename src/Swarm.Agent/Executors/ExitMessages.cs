using System.Globalization;

namespace Swarm.Agent.Executors;

/// <summary>Docker's messages for the end of a task. Source: moby daemon/cluster/executor/container/errors.go.</summary>
public static class ExitMessages
{
    public const string Unhealthy = "unhealthy container";

    /// <summary>Our own message: in Docker, a container that exits with 0 before its health check succeeded counts as started.</summary>
    public const string NeverHealthy = "container ended before its health check succeeded";

    /// <summary>The message for a container that ended before its health check succeeded.</summary>
    /// <param name="ended">The error of its end; empty when it ended with exit code 0.</param>
    public static string BeforeHealthy(string ended) => ended.Length > 0 ? ended : NeverHealthy;

    public static string For(int exitCode, bool outOfMemory = false) =>
        exitCode == 0 ? ""
        : outOfMemory ? With(exitCode, "OOM killed")
        : string.Create(CultureInfo.InvariantCulture, $"task: non-zero exit ({exitCode})");

    public static string With(int exitCode, string cause) =>
        string.Create(CultureInfo.InvariantCulture, $"task: non-zero exit ({exitCode}): {cause}");
}
