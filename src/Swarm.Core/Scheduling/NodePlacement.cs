using Swarm.Core.Model;

namespace Swarm.Core.Scheduling;

/// <summary>The scheduler's verdict on one node for one service: the answer of Test-SwarmPlacement.</summary>
/// <param name="Node">The node.</param>
/// <param name="Rank">1 for the node that the next task goes to, 2 for the one after it, …; 0 when the node is not suitable.</param>
/// <param name="Refusal">The first filter that refuses it (its <see cref="PendingReason.Nodes"/> is 1); null when the node is suitable.</param>
/// <param name="ServiceTasks">Live tasks of the service on the node.</param>
/// <param name="LiveTasks">Live tasks of all services on the node.</param>
/// <param name="RecentFailures">Failures of this revision there within five minutes, when they are enough to count against the node; else
/// 0.</param>
public sealed record NodePlacement(Node Node, int Rank, PendingReason? Refusal, int ServiceTasks, int LiveTasks, int RecentFailures)
{
    public bool IsSuitable => Refusal is null;
}
