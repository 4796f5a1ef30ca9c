using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>A task that takes connections.</summary>
/// <param name="TaskId">Its id.</param>
/// <param name="NodeId">The node that it runs on.</param>
/// <param name="Endpoint">Where its node reaches it.</param>
public sealed record ForwardingBackend(string TaskId, string NodeId, TaskEndpoint Endpoint);
