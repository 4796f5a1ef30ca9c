namespace Swarm.Control.Planes;

/// <summary>What swarmd is on this machine: a node of our own swarm, or the face of an engine's.</summary>
public interface INodeRuntime : IAsyncDisposable
{
    /// <summary>What answers the control API.</summary>
    IControlPlane Plane { get; }

    /// <summary>Takes up what the state directory says: called once, at the start.</summary>
    Task ResumeAsync();

    /// <summary>Ends streams at once, so that a stop need not wait for their readers.</summary>
    void BeginStop();

    /// <summary>A planned stop.</summary>
    Task StopAsync();
}
