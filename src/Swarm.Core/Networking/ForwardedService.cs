using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>A service that every node answers for.</summary>
/// <param name="ServiceId">Its id.</param>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Ports">Its ingress ports, each with the published port that the swarm chose or the user gave.</param>
/// <param name="Backends">The tasks that take connections now, by id: they run, are healthy, and nobody has asked them to end.</param>
public sealed record ForwardedService(string ServiceId, string Name, ValueList<PublishedPort> Ports, ValueList<ForwardingBackend> Backends);
