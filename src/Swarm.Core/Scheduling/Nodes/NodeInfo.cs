using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>A node with the scheduler's counts for it.</summary>
internal sealed class NodeInfo(string id)
{
    // The number of tasks that use each port; null while no port is used. A port can have several tasks if another manager version placed
    // them.
    private Dictionary<HostPort, int>? _hostPorts;

    public string Id { get; } = id;

    /// <summary>Null while tasks are on a node that is not, or no longer, in the swarm.</summary>
    public Node? Node { get; set; }

    /// <summary>Position among all nodes in ordinal id order; -1 while it has none.</summary>
    public int Rank { get; set; } = -1;

    /// <summary>Tasks that run or will run, and are not asked to stop.</summary>
    public int LiveTasks { get; set; }

    /// <summary>Reservations of tasks that have not ended. A task that was asked to stop holds its share until it has ended.</summary>
    public long ReservedNanoCpus { get; private set; }

    /// <inheritdoc cref="ReservedNanoCpus"/>
    public long ReservedMemoryBytes { get; private set; }

    public long FreeNanoCpus => (Node?.Description.Resources.NanoCpus ?? 0) - ReservedNanoCpus;

    public long FreeMemoryBytes => (Node?.Description.Resources.MemoryBytes ?? 0) - ReservedMemoryBytes;

    public bool HoldsNoShare => ReservedNanoCpus == 0 && ReservedMemoryBytes == 0 && _hostPorts is not { Count: > 0 };

    /// <summary>Whether a task on the node has this port.</summary>
    public bool Uses(HostPort port) => _hostPorts?.ContainsKey(port) is true;

    /// <param name="sign">1: taken; -1: given back.</param>
    public void Adjust(TaskShare share, int sign)
    {
        ReservedNanoCpus += sign * share.NanoCpus;
        ReservedMemoryBytes += sign * share.MemoryBytes;
        foreach (var port in share.HostPorts.AsSpan())
        {
            _hostPorts ??= [];
            var tasks = _hostPorts.GetValueOrDefault(port) + sign;
            if (tasks == 0)
            {
                _hostPorts.Remove(port);
            }
            else
            {
                _hostPorts[port] = tasks;
            }
        }
    }

    /// <summary>Combines the counts with another record of the node.</summary>
    public static NodeInfo With(Node node, NodeInfo? counts) =>
        new(node.Id)
        {
            Node = node,
            LiveTasks = counts?.LiveTasks ?? 0,
            _hostPorts = counts?._hostPorts,
            ReservedNanoCpus = counts?.ReservedNanoCpus ?? 0,
            ReservedMemoryBytes = counts?.ReservedMemoryBytes ?? 0,
        };
}
