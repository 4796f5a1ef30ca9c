namespace Swarm.Core.Scheduling.Nodes;

/// <summary>The order of choice among nodes: smaller is sooner.</summary>
/// <param name="Failures">Recent failures of the revision there when they are many, else 0. It comes first, as in SwarmKit: a node on which
/// every task fails always has the fewest tasks, so a later comparison would never decide.</param>
/// <param name="ServiceTasks">Live tasks of the service there.</param>
/// <param name="Order"><see cref="NodeOrder.Key"/>: live tasks of all services, then id order.</param>
internal readonly record struct NodeKey(int Failures, int ServiceTasks, ulong Order) : IComparable<NodeKey>
{
    public int CompareTo(NodeKey other)
    {
        var byFailures = Failures.CompareTo(other.Failures);
        if (byFailures != 0)
        {
            return byFailures;
        }
        var byService = ServiceTasks.CompareTo(other.ServiceTasks);
        return byService != 0 ? byService : Order.CompareTo(other.Order);
    }
}

/// <summary>The order of choice among branches of a spread tree: fewest tasks of the service, then the better node.</summary>
internal readonly record struct BranchKey(int ServiceTasks, NodeKey Choice) : IComparable<BranchKey>
{
    public int CompareTo(BranchKey other)
    {
        var byService = ServiceTasks.CompareTo(other.ServiceTasks);
        return byService != 0 ? byService : Choice.CompareTo(other.Choice);
    }
}
