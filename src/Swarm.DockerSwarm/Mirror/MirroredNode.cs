using System.Text.Json.Nodes;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A node as the engine has it.</summary>
/// <param name="Version">Docker's version index.</param>
/// <param name="Spec">The complete spec.</param>
/// <param name="ManagerStatus">Null for workers.</param>
public sealed record MirroredNode(ulong Version, JsonObject Spec, JsonObject? ManagerStatus) : IMirrored;
