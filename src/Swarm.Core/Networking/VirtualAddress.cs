using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>An address that stands for the healthy tasks of a service.</summary>
/// <param name="Address">It is on the network, and no device has it.</param>
/// <param name="Backends">The addresses of the tasks that take connections now.</param>
public sealed record VirtualAddress(string Address, ValueList<string> Backends);
