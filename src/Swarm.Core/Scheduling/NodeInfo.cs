using Swarm.Core.Model;

namespace Swarm.Core.Scheduling;

/// <summary>A node and what the scheduler keeps count of on it.</summary>
internal sealed class NodeInfo(string id)
{
    public string Id { get; } = id;

    /// <summary>Null while tasks are on a node that is not, or no longer, in the swarm.</summary>
    public Node? Node { get; set; }

    /// <summary>Position among all nodes in ordinal id order; -1 while it has none.</summary>
    public int Rank { get; set; } = -1;

    /// <summary>Tasks that run or will, and are not asked to stop.</summary>
    public int LiveTasks { get; set; }

    /// <summary>Reservations of tasks that have not ended, those asked to stop included: they hold their share until they are gone.</summary>
    public long ReservedNanoCpus { get; set; }

    /// <inheritdoc cref="ReservedNanoCpus"/>
    public long ReservedMemoryBytes { get; set; }

    public long FreeNanoCpus => (Node?.Description.Resources.NanoCpus ?? 0) - ReservedNanoCpus;

    public long FreeMemoryBytes => (Node?.Description.Resources.MemoryBytes ?? 0) - ReservedMemoryBytes;

    /// <summary>The same counts with another record of the node.</summary>
    public static NodeInfo With(Node node, NodeInfo? counts) =>
        new(node.Id)
        {
            Node = node,
            LiveTasks = counts?.LiveTasks ?? 0,
            ReservedNanoCpus = counts?.ReservedNanoCpus ?? 0,
            ReservedMemoryBytes = counts?.ReservedMemoryBytes ?? 0,
        };
}
