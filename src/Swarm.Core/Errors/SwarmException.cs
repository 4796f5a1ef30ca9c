namespace Swarm.Core.Errors;

/// <summary>A refusal that reaches the user: a stable id, what it is about, what is wrong and what to do next.</summary>
/// <param name="kind">Maps to the gRPC status.</param>
/// <param name="errorId">Stable: ServiceNotFound, NameConflict, NoLeader, …</param>
/// <param name="message">For a person; names the object.</param>
/// <param name="target">The name or id it is about.</param>
/// <param name="action">The next step for the user; empty when the message says it all.</param>
public sealed class SwarmException(
    SwarmErrorKind kind,
    string errorId,
    string message,
    string target = "",
    string action = "",
    Exception? inner = null
) : Exception(message, inner)
{
    public SwarmErrorKind Kind { get; } = kind;
    public string ErrorId { get; } = errorId;
    public string Target { get; } = target;
    public string Action { get; } = action;
}
