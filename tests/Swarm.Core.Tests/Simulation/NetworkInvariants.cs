namespace Swarm.Core.Tests.Simulation;

/// <summary>Subnets, tunnel ids and numbers have one holder each, and a manager that restarts from a snapshot gives the same next.</summary>
internal static class NetworkInvariants
{
    /// <summary>After each commit.</summary>
    public static void CheckHolders(SimulatedSwarm swarm)
    {
        RequireOnce(swarm, "the number of node", swarm.State.Nodes.Where(static n => n.Number != 0).Select(static n => $"{n.Number}"));
        RequireOnce(swarm, "subnet", swarm.State.Networks.SelectMany(static n => n.Subnets).Select(static s => s.Subnet));
        RequireOnce(swarm, "tunnel id", swarm.State.Networks.Select(static n => $"{n.TunnelId}"));
    }

    /// <summary>At rest: each node has a number, and none is lost. The free ones come in the same order from a snapshot.</summary>
    public static void CheckRest(SimulatedSwarm swarm)
    {
        if (swarm.State.Nodes.FirstOrDefault(static n => n.Number == 0) is { } node)
        {
            swarm.Fail($"node {node.Id} has no number");
        }
        var restarted = new Core.State.ClusterState();
        restarted.Restore(swarm.State.Capture());
        var (one, other) = (swarm.State.CopyPools(), restarted.CopyPools());
        var seen = new HashSet<uint>(swarm.State.Nodes.Select(static n => n.Number));
        for (uint number; (number = one.TakeNodeNumber()) != 0; )
        {
            if (number != other.TakeNodeNumber())
            {
                swarm.Fail($"a manager that restarts does not give {number} next");
            }
            if (!seen.Add(number))
            {
                swarm.Fail($"the number {number} is given to two nodes");
            }
        }
        if (seen.Count != Core.Allocation.NetworkPools.NodeCount)
        {
            swarm.Fail($"only {seen.Count} numbers of nodes are left");
        }
    }

    private static void RequireOnce(SimulatedSwarm swarm, string what, IEnumerable<string> held)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in held)
        {
            if (!seen.Add(one))
            {
                swarm.Fail($"{what} {one} has two holders");
            }
        }
    }
}
