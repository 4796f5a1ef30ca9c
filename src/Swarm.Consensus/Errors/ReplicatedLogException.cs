namespace Swarm.Consensus.Errors;

/// <summary>A failure of the log, with a message for a person that says what to do.</summary>
public sealed class ReplicatedLogException(ReplicatedLogError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public ReplicatedLogError Error { get; } = error;
}
