using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>A node and what the scheduler keeps count of on it.</summary>
internal sealed class NodeInfo(string id)
{
    // How many tasks have each; null until one has any. More than one can be there when a manager of another make has placed them.
    private Dictionary<HostPort, int>? _hostPorts;

    public string Id { get; } = id;

    /// <summary>Null while tasks are on a node that is not, or no longer, in the swarm.</summary>
    public Node? Node { get; set; }

    /// <summary>Position among all nodes in ordinal id order; -1 while it has none.</summary>
    public int Rank { get; set; } = -1;

    /// <summary>Tasks that run or will, and are not asked to stop.</summary>
    public int LiveTasks { get; set; }

    /// <summary>Reservations of tasks that have not ended, those asked to stop included: they hold their share until they are gone.</summary>
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

    /// <summary>The same counts with another record of the node.</summary>
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
