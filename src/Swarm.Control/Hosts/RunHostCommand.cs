using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Hosts;

/// <summary>Runs a command on this host. It throws only when cancelled: the host's error is in the answer.</summary>
public delegate Task<V1.HostAnswer> RunHostCommand(V1.HostCommand command, CancellationToken cancellation);
