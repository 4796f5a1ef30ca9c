using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Hosts;

/// <summary>Carries out a command on this host. It fails by cancellation only: the host's refusal is in the answer.</summary>
public delegate Task<V1.HostAnswer> RunHostCommand(V1.HostCommand command, CancellationToken cancellation);
