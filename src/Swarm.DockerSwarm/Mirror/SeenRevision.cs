using System.Text.Json.Nodes;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A spec that a service had while swarmd looked, or whose tasks were still in its history.</summary>
/// <param name="Number">1 is the first that was seen.</param>
/// <param name="CreatedAt">When the engine said that it was set, or its first task made.</param>
/// <param name="Key">What identifies its task template.</param>
/// <param name="Spec">Docker's JSON, whole.</param>
public sealed record SeenRevision(ulong Number, DateTimeOffset CreatedAt, string Key, JsonObject Spec);
