using System.Text.Json.Nodes;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A service as the engine has it: what a change of ours starts from.</summary>
/// <param name="Version">Docker's version index.</param>
/// <param name="Spec">Whole.</param>
/// <param name="PreviousSpec">What Docker itself would roll back to.</param>
/// <param name="Endpoint">What the engine made of its ports.</param>
public sealed record MirroredService(ulong Version, JsonObject Spec, JsonObject? PreviousSpec, JsonObject? Endpoint) : IMirrored;
