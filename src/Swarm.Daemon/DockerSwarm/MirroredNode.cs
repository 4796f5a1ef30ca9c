using System.Text.Json.Nodes;

namespace Swarm.Daemon.DockerSwarm;

/// <summary>A node as the engine has it.</summary>
/// <param name="Version">Docker's version index.</param>
/// <param name="Spec">Whole.</param>
/// <param name="ManagerStatus">Null for workers.</param>
internal sealed record MirroredNode(ulong Version, JsonObject Spec, JsonObject? ManagerStatus) : IMirrored;
