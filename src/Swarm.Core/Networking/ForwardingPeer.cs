namespace Swarm.Core.Networking;

/// <summary>A node as the other nodes' data planes know it.</summary>
/// <param name="NodeId">Its id.</param>
/// <param name="Number">From 1: the number that its subnet, its marks and its tunnel's addresses are made from. 0: it has none, and no data plane in the
/// kernel.</param>
/// <param name="Address">The address of its data path, without a port.</param>
public sealed record ForwardingPeer(string NodeId, uint Number, string Address);
