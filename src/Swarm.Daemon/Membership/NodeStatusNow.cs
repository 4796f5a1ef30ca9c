using Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

/// <summary>What this node is now.</summary>
/// <param name="State">As GetDaemon shows it.</param>
/// <param name="Message">Why it is pending, locked or in error; or what happened last.</param>
/// <param name="Active">What runs; null unless <paramref name="State"/> is Active.</param>
internal sealed record NodeStatusNow(LocalNodeState State, string Message, ActiveNode? Active);
