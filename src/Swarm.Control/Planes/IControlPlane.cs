using Swarm.Core.Errors;

namespace Swarm.Control.Planes;

/// <summary>Says what answers the control API. The configuration chooses: the built-in orchestrator, or the swarm of a Docker engine.</summary>
/// <remarks>Refusals are <see cref="SwarmException"/>s, which the hosting turns into statuses and trailers.</remarks>
public interface IControlPlane
{
    /// <summary>builtin or docker.</summary>
    string Name { get; }

    /// <summary>The implementations one of which answers a call of an area now. It is asked at every call.</summary>
    /// <param name="area">The base class that protoc generated for the area's service.</param>
    /// <param name="cancellation">The caller has gone.</param>
    /// <exception cref="SwarmException">Nothing answers the area on this node as it is now.</exception>
    ValueTask<ControlAreas> ChooseAsync(Type area, CancellationToken cancellation);
}
