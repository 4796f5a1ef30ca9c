namespace Swarm.Consensus.Errors;

/// <summary>A failure of the log. The message is for a person and names the next step.</summary>
public sealed class ReplicatedLogException(ReplicatedLogError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public ReplicatedLogError Error { get; } = error;
}
