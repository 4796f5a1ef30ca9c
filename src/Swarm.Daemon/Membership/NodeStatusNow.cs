using Swarm.Protocol.V1;

namespace Swarm.Daemon.Membership;

/// <summary>This node's present state.</summary>
/// <param name="State">As GetDaemon shows it.</param>
/// <param name="Message">The reason for pending, locked or error; or the last event.</param>
/// <param name="Active">The running node; null unless <paramref name="State"/> is Active.</param>
internal sealed record NodeStatusNow(LocalNodeState State, string Message, ActiveNode? Active);
