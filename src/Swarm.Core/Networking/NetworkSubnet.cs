namespace Swarm.Core.Networking;

/// <summary>A subnet of a network, as a user asks for it or as the network got it.</summary>
/// <param name="Subnet">In CIDR notation; empty in a spec: the swarm chooses one.</param>
/// <param name="Gateway">An address of the subnet; empty in a spec: its first one.</param>
/// <param name="IpRange">The part of the subnet that tasks' addresses come from, in CIDR notation; empty: all of it.</param>
public sealed record NetworkSubnet(string Subnet, string Gateway, string IpRange);
