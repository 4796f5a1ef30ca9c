using Swarm.Core.Model;

namespace Swarm.Wire.Limits;

/// <summary>Limits the texts of a task's status. Agent and manager use the same limits.</summary>
public static class BoundedStatus
{
    /// <summary>Bytes of a container id that are kept. Engines use 64.</summary>
    private const int ContainerIdBytes = 128;

    /// <summary>Ports of a task that are kept.</summary>
    private const int Ports = 1024;

    /// <summary>The status with texts of limited length; the same object when nothing was cut.</summary>
    public static TaskStatus Of(TaskStatus status)
    {
        var message = BoundedText.Cut(status.Message, BoundedText.StatusBytes);
        var error = BoundedText.Cut(status.Error, BoundedText.StatusBytes);
        var container = BoundedText.Cut(status.ContainerId, ContainerIdBytes);
        var endpoint = status.Endpoint is { } given && IsSound(given) ? given : null;
        return
            ReferenceEquals(message, status.Message)
            && ReferenceEquals(error, status.Error)
            && ReferenceEquals(container, status.ContainerId)
            && ReferenceEquals(endpoint, status.Endpoint)
            ? status
            : status with
            {
                Message = message,
                Error = error,
                ContainerId = container,
                Endpoint = endpoint,
            };
    }

    /// <summary>An endpoint that is none is dropped: connections go only where an address and ports are.</summary>
    private static bool IsSound(TaskEndpoint endpoint) =>
        endpoint.Ports.Count <= Ports
        && IpText.TryParse(endpoint.Address, out _)
        && endpoint.Ports.All(static port => port is { Target: > 0 and <= ushort.MaxValue, Listening: > 0 and <= ushort.MaxValue });
}
