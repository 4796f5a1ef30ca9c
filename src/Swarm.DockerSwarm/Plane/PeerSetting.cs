using Swarm.Control.Addresses;

namespace Swarm.DockerSwarm.Plane;

/// <summary>The swarmd of another node of an engine's swarm.</summary>
/// <param name="Node">Name or id of the node.</param>
/// <param name="Address">The address of its swarmd for remote sessions.</param>
/// <param name="Certificate">Absolute path of a certificate that was made there with New-SwarmCredential.</param>
public sealed record PeerSetting(string Node, HostAddress Address, string Certificate)
{
    public const string Form = "name=address[:port],certificate, e.g. worker1=10.0.0.2:2378,/etc/swarm/worker1.pem";
}
