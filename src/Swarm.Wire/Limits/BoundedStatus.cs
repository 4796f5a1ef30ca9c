namespace Swarm.Wire.Limits;

/// <summary>Limits the texts of a task's status. Agent and manager use the same limits.</summary>
public static class BoundedStatus
{
    /// <summary>Bytes of a container id that are kept. Engines use 64.</summary>
    private const int ContainerIdBytes = 128;

    /// <summary>The status with texts of limited length; the same object when nothing was cut.</summary>
    public static TaskStatus Of(TaskStatus status)
    {
        var message = BoundedText.Cut(status.Message, BoundedText.StatusBytes);
        var error = BoundedText.Cut(status.Error, BoundedText.StatusBytes);
        var container = BoundedText.Cut(status.ContainerId, ContainerIdBytes);
        return
            ReferenceEquals(message, status.Message)
            && ReferenceEquals(error, status.Error)
            && ReferenceEquals(container, status.ContainerId)
            ? status
            : status with
            {
                Message = message,
                Error = error,
                ContainerId = container,
            };
    }
}
