using System.Text.Json.Nodes;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A spec that a service had while swarmd polled, or whose tasks were still in its history.</summary>
/// <param name="Number">1 is the first that was seen.</param>
/// <param name="CreatedAt">The engine's time of the spec, or of its first task.</param>
/// <param name="Key">Identifies its task template.</param>
/// <param name="Spec">Docker's JSON, complete.</param>
public sealed record SeenRevision(ulong Number, DateTimeOffset CreatedAt, string Key, JsonObject Spec);
