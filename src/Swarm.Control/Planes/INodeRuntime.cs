namespace Swarm.Control.Planes;

/// <summary>The role of swarmd on this machine: a node of our own swarm, or the front of an engine's.</summary>
public interface INodeRuntime : IAsyncDisposable
{
    /// <summary>Answers the control API.</summary>
    IControlPlane Plane { get; }

    /// <summary>Resumes the membership of the state directory; called once, at the start.</summary>
    Task ResumeAsync();

    /// <summary>Ends streams at once, so that a stop need not wait for their readers.</summary>
    void BeginStop();

    /// <summary>A planned stop.</summary>
    Task StopAsync();
}
