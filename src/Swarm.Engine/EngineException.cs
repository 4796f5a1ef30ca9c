using System.Net;

namespace Swarm.Engine;

/// <summary>The engine refused a call: its status and its message.</summary>
public sealed class EngineException(HttpStatusCode status, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>Another client changed the object since the version that the call names. Source: moby/swarmkit manager/state/store,
    /// ErrSequenceConflict.</summary>
    public bool IsVersionConflict => Message.Contains("update out of sequence", StringComparison.Ordinal);
}
