using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Selection;

/// <summary>A control plane whose selectors are tried.</summary>
/// <param name="Client">Its control API.</param>
/// <param name="HostNode">The name of the node that a host command goes to.</param>
/// <param name="RemovedNetwork">The id of the network that was removed last.</param>
internal sealed record SelectorPlane(V1.ControlClient Client, Func<string, Task<string>> HostNode, Func<string> RemovedNetwork);
