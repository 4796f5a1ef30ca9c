using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>A name that tasks of a network can look up.</summary>
/// <param name="Name">A service, an alias, <c>tasks.SERVICE</c>, or <c>SERVICE.SLOT</c>; in lower case.</param>
/// <param name="Addresses">The answers: a virtual address, or the addresses of healthy tasks. Empty: the name is known and has no answer now.</param>
public sealed record NetworkName(string Name, ValueList<string> Addresses);
