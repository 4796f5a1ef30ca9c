namespace Swarm.Host.Systems;

/// <summary>Ports of a host that a program listens on.</summary>
public sealed record ListeningPorts(IReadOnlySet<int> Tcp, IReadOnlySet<int> Udp);
