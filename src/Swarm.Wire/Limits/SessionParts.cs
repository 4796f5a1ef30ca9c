namespace Swarm.Wire.Limits;

/// <summary>Sizes of the messages of an agent's session that grow with the number of tasks: they come in parts.</summary>
public static class SessionParts
{
    /// <summary>The approximate bytes of an agent's message with statuses. Small enough that the heartbeat behind it is not late on a slow
    /// line: a second at 1 Mbit/s.</summary>
    public const int StatusBytes = 128 * 1024;

    /// <summary>The approximate bytes of a manager's message with assignments.</summary>
    public const int AssignmentBytes = 1024 * 1024;
}
