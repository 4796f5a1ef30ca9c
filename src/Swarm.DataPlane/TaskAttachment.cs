using Swarm.Core.Model;

namespace Swarm.DataPlane;

/// <summary>A task that needs a place in the node's data plane.</summary>
/// <param name="TaskId">Its id.</param>
/// <param name="Ports">The ports of its service.</param>
/// <param name="Known">The place that it had before swarmd was restarted; null: none.</param>
public sealed record TaskAttachment(string TaskId, ValueList<PublishedPort> Ports, TaskEndpoint? Known);
