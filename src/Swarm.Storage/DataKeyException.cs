namespace Swarm.Storage;

/// <summary>A data key that cannot be used. The message is for a person and names the next step.</summary>
public sealed class DataKeyException(DataKeyError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public DataKeyError Error { get; } = error;
}
