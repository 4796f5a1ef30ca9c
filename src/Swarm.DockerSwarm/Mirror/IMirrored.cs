namespace Swarm.DockerSwarm.Mirror;

/// <summary>An object as the engine has it.</summary>
internal interface IMirrored
{
    /// <summary>Docker's version index.</summary>
    ulong Version { get; }
}
