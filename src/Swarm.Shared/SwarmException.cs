namespace Swarm;

/// <summary>An error, in words for a person. Every error record of this module has this exception.</summary>
public sealed class SwarmException : Exception
{
    public SwarmException() { }

    public SwarmException(string message)
        : base(message) { }

    public SwarmException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <param name="errorId">Stable: ServiceNotFound, NameConflict, NoLeader, DaemonUnavailable, …</param>
    /// <param name="message">For a person; names the object.</param>
    /// <param name="target">Name or id of the object.</param>
    /// <param name="action">The next step for the user; empty when the message says it all.</param>
    public SwarmException(string errorId, string message, string target, string action)
        : base(message)
    {
        ErrorId = errorId;
        Target = target;
        Action = action;
    }

    public string ErrorId { get; } = "SwarmError";
    public string Target { get; } = "";
    public string Action { get; } = "";
}
