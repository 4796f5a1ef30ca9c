using System.Text.Json.Nodes;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A service as the engine has it, from which our changes start.</summary>
/// <param name="Version">Docker's version index.</param>
/// <param name="Spec">The complete spec.</param>
/// <param name="PreviousSpec">The spec that Docker itself would roll back to.</param>
/// <param name="Endpoint">The engine's result for its ports.</param>
public sealed record MirroredService(ulong Version, JsonObject Spec, JsonObject? PreviousSpec, JsonObject? Endpoint) : IMirrored;
